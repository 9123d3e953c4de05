package org.raftbroker.raft.apply;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.MarkArchived;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.SubjectState;

/**
 * The contract told a second time, as plainly as possible and without a store: predicts what each
 * entry answers and what a replica then holds. Shares no code with the {@link Applier}.
 */
final class ShardModel {
  private static final class SubjectModel {
    long head;
    int checksum;
    long lastMessageId;
    final TreeMap<Long, MessageResponse> messages = new TreeMap<>();
    final Set<Long> reserved = new HashSet<>();
    final Map<String, Key> keys = new HashMap<>();
    final TreeMap<Long, Long> indexById = new TreeMap<>();
    long archivedId;
    long archivedMessages;
  }

  private record Key(long id, NewMessage first, long freeAtMillis) {}

  private static final class OriginModel {
    long last;
    long lastMillis;
    final Map<Long, Outcome> answers = new HashMap<>();
  }

  private final Map<Subject, SubjectModel> subjects = new LinkedHashMap<>();
  private final Map<Long, OriginModel> origins = new HashMap<>();
  private long nowMillis;
  private long logIndex;
  private boolean archiving;

  /** The sequence that the origin has to submit next. */
  long nextSequence(long origin) {
    OriginModel known = origins.get(origin);
    return known == null ? 1 : known.last + 1;
  }

  List<Outcome> apply(Entry entry) {
    nowMillis = Math.max(nowMillis, entry.leaderTimeMillis());
    logIndex = entry.logIndex();
    // Only origins that were silent before this entry, and stay silent in it, are forgotten.
    Set<Long> silent = new HashSet<>();
    origins.forEach(
        (id, origin) -> {
          if (nowMillis - origin.lastMillis > 3_600_000) {
            silent.add(id);
          }
        });
    boolean newcomer = false;
    boolean swept = false;
    List<Outcome> outcomes = new ArrayList<>();
    for (Submission submission : entry.submissions()) {
      long id = submission.origin();
      if (id != Submission.NO_ORIGIN) {
        OriginModel origin = origins.get(id);
        newcomer |= origin == null;
        long last = origin == null ? 0 : origin.last;
        if (submission.sequence() != last + 1) {
          Outcome answer =
              origin == null || submission.sequence() <= last - 8
                  ? null
                  : origin.answers.get(submission.sequence());
          outcomes.add(answer == null ? Outcome.OUT_OF_ORDER : answer);
          continue;
        }
      }
      Outcome outcome = apply(submission.command(), swept);
      swept |= submission.command() instanceof Expire;
      outcomes.add(outcome);
      if (id != Submission.NO_ORIGIN) {
        OriginModel origin = origins.computeIfAbsent(id, o -> new OriginModel());
        origin.last = submission.sequence();
        origin.lastMillis = nowMillis;
        origin.answers.put(origin.last, outcome);
        silent.remove(id);
      }
    }
    if (newcomer) {
      silent.forEach(origins::remove);
    }
    return outcomes;
  }

  private Outcome apply(Command command, boolean swept) {
    if (command instanceof AppendBatch batch) {
      long[] ids = new long[batch.messages().size()];
      List<Integer> reused = new ArrayList<>();
      for (int i = 0; i < ids.length; i++) {
        NewMessage message = batch.messages().get(i);
        Key known = known(message);
        ids[i] = known == null ? append(message) : known.id;
        if (known != null && !sameContent(known.first, message)) {
          reused.add(i);
        }
      }
      return new Outcome(ids, reused.stream().mapToInt(Integer::intValue).toArray());
    }
    if (command instanceof ReserveIds reserve) {
      SubjectModel subject = subject(reserve.subject());
      for (int i = 0; i < reserve.count(); i++) {
        subject.reserved.add(++subject.head);
        subject.indexById.put(subject.head, logIndex);
      }
      return new Outcome(new long[] {subject.head}, new int[0]);
    }
    if (command instanceof OpenArchive) {
      archiving |= subjects.isEmpty();
    } else if (command instanceof MarkArchived mark) {
      markArchived(mark.upToIndex());
    } else if (!swept && !archiving) {
      expire(((Expire) command).maxRows());
    }
    return Outcome.NO_IDS;
  }

  private void markArchived(long upToIndex) {
    if (!archiving || upToIndex >= logIndex) {
      return;
    }
    for (SubjectModel subject : subjects.values()) {
      subject.indexById.headMap(Long.MAX_VALUE).entrySet().stream()
          .filter(id -> id.getValue() <= upToIndex)
          .forEach(
              id -> {
                subject.archivedId = Math.max(subject.archivedId, id.getKey());
                if (subject.messages.remove(id.getKey()) != null) {
                  subject.archivedMessages++;
                }
              });
    }
  }

  private @Nullable Key known(NewMessage message) {
    SubjectModel subject = subjects.get(message.subject());
    if (subject == null || message.idempotency() == null) {
      return null;
    }
    Key key = subject.keys.get(message.idempotency().key());
    return key == null || key.freeAtMillis <= nowMillis ? null : key;
  }

  private static boolean sameContent(NewMessage one, NewMessage other) {
    return one.body().equals(other.body())
        && one.headers().equals(other.headers())
        && one.expirationSeconds() == other.expirationSeconds();
  }

  private long append(NewMessage message) {
    SubjectModel subject = subject(message.subject());
    long id = ++subject.head;
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(12).putInt(subject.checksum).putLong(id).array());
    crc.update(message.body().toByteArray());
    subject.checksum = (int) crc.getValue();
    long expiresAt =
        message.expirationSeconds() == 0 ? 0 : nowMillis + 1_000L * message.expirationSeconds();
    subject.messages.put(
        id,
        MessageResponse.newBuilder()
            .setBody(message.body())
            .setId(id)
            .setSubject(message.subject().name())
            .setPublishedAtMillis(nowMillis)
            .setExpiresAtMillis(expiresAt)
            .putAllHeaders(message.headers())
            .setPreviousId(subject.lastMessageId)
            .setChecksum(subject.checksum)
            .build());
    subject.lastMessageId = id;
    subject.indexById.put(id, logIndex);
    if (message.idempotency() != null) {
      long freeAt = nowMillis + 1_000L * message.idempotency().windowSeconds();
      subject.keys.put(message.idempotency().key(), new Key(id, message, freeAt));
    }
    return id;
  }

  private void expire(int maxRows) {
    List<Subject> inOrderOfFirstUse = List.copyOf(subjects.keySet());
    subjects.values().stream()
        .flatMap(subject -> subject.messages.values().stream())
        .filter(m -> m.getExpiresAtMillis() != 0 && m.getExpiresAtMillis() <= nowMillis)
        .sorted(
            Comparator.comparingLong(MessageResponse::getExpiresAtMillis)
                .thenComparing(m -> inOrderOfFirstUse.indexOf(new Subject(m.getSubject())))
                .thenComparing(MessageResponse::getId))
        .limit(maxRows)
        .toList()
        .forEach(m -> subject(new Subject(m.getSubject())).messages.remove(m.getId()));
  }

  private SubjectModel subject(Subject name) {
    return subjects.computeIfAbsent(name, n -> new SubjectModel());
  }

  /** Compares all that a replica can be asked. */
  void assertHeldBy(ShardStore store, List<Subject> names) {
    assertThat(store.view().lastTimeMillis()).isEqualTo(nowMillis);
    assertThat(store.subjects()).isEqualTo(subjects.size());
    for (Subject name : names) {
      SubjectModel subject = subjects.getOrDefault(name, new SubjectModel());
      ShardReader reader = store.reader();
      assertThat(reader.head(name)).isEqualTo(subject.head);
      List<StoredMessage> messages = reader.read(name, 1, Integer.MAX_VALUE);
      assertThat(messages.stream().map(ShardModel::parsed).toList())
          .isEqualTo(List.copyOf(subject.messages.values()));
      for (long id = 1; id <= subject.head + 1; id++) {
        assertThat(reader.isReserved(name, id))
            .as("%s#%d is reserved", name, id)
            .isEqualTo(subject.reserved.contains(id));
      }
      SubjectState state = store.view().subject(name);
      assertThat(state == null ? 0 : state.messages()).isEqualTo(messages.size());
      assertThat(state == null ? 0 : state.bytes())
          .isEqualTo(messages.stream().mapToLong(m -> m.frame().length).sum());
      assertThat(reader.archivedId(name)).isEqualTo(subject.archivedId);
      assertThat(state == null ? 0 : state.archivedMessages()).isEqualTo(subject.archivedMessages);
    }
    assertBacklog(store, names);
    assertThat(store.view().origins().keySet()).isEqualTo(origins.keySet());
    origins.forEach(
        (id, expected) -> {
          OriginState origin = store.view().origins().getOrDefault(id, OriginState.NEW);
          assertThat(origin.lastSequence()).isEqualTo(expected.last);
          assertThat(origin.lastTimeMillis()).isEqualTo(expected.lastMillis);
          for (long sequence = 1; sequence <= expected.last; sequence++) {
            assertThat(origin.outcome(sequence))
                .isEqualTo(sequence > expected.last - 8 ? expected.answers.get(sequence) : null);
          }
        });
  }

  /** What is not archived is in the backlog, each id once. */
  private void assertBacklog(ShardStore store, List<Subject> names) {
    Map<Subject, List<Long>> idsBySubject = new HashMap<>();
    long messages = 0;
    for (BacklogRun run : store.reader().backlog(Long.MAX_VALUE, Long.MAX_VALUE)) {
      messages += run.messages();
      for (long id = run.fromId(); id <= run.toId(); id++) {
        idsBySubject.computeIfAbsent(run.subject(), s -> new ArrayList<>()).add(id);
        SubjectModel subject = subjects.getOrDefault(run.subject(), new SubjectModel());
        assertThat(run.logIndex()).isEqualTo(subject.indexById.get(id));
        assertThat(run.isReserved()).isEqualTo(subject.reserved.contains(id));
      }
    }
    for (Subject name : names) {
      SubjectModel subject = subjects.getOrDefault(name, new SubjectModel());
      assertThat(idsBySubject.getOrDefault(name, List.of()))
          .isEqualTo(
              archiving
                  ? List.copyOf(subject.indexById.tailMap(subject.archivedId, false).keySet())
                  : List.of());
    }
    ArchiveState archive = store.reader().archive();
    assertThat(archive.backlogMessages()).isEqualTo(messages);
    assertThat(archive.backlogIds())
        .isEqualTo(idsBySubject.values().stream().mapToLong(List::size).sum());
    assertThat(archive.backlogBytes())
        .isEqualTo(
            archiving ? names.stream().mapToLong(name -> bytesInStore(store, name)).sum() : 0);
  }

  private static long bytesInStore(ShardStore store, Subject name) {
    SubjectState state = store.view().subject(name);
    return state == null ? 0 : state.bytes();
  }

  private static MessageResponse parsed(StoredMessage message) {
    try {
      return MessageResponse.parseFrom(ByteString.copyFrom(message.frame()));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not a MessageResponse", e);
    }
  }
}
