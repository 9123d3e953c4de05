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
import java.util.TreeSet;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.CreateSubject;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.MarkArchived;
import org.raftbroker.raft.command.Command.MarkRemoved;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.raft.command.Command.ReplaceClusterMap;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Command.SubjectCommand;
import org.raftbroker.raft.command.Command.UpdateSubject;
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
    boolean exists;
    SubjectSettings settings = SubjectSettings.DEFAULT;
    long firstId = 1;
    long removedId;
    long agingId;

    /** Ids of messages that can still be there, expired or not. */
    final TreeSet<Long> kept = new TreeSet<>();

    void keepFrom(long id) {
      firstId = Math.max(firstId, id);
      kept.headSet(firstId).clear();
    }

    void obeyMaxMessages() {
      while (settings.maxMessages() > 0 && kept.size() > settings.maxMessages()) {
        keepFrom(kept.first() + 1);
      }
    }
  }

  /** What nobody could read before the entry. */
  private record Unreadable(long toId, List<Long> ids) {}

  /** Remembered until its time, wherever the message is then. */
  private record Expiry(long millis, int subjectInOrder, long id) {}

  private record Key(long id, NewMessage first, long freeAtMillis) {}

  private static final class OriginModel {
    long last;
    long lastMillis;
    final Map<Long, Outcome> answers = new HashMap<>();
  }

  private final Map<Subject, SubjectModel> subjects = new LinkedHashMap<>();
  private final Map<Long, OriginModel> origins = new HashMap<>();
  private final Map<Subject, Unreadable> unreadable = new LinkedHashMap<>();
  private final TreeSet<Expiry> expiries =
      new TreeSet<>(
          Comparator.comparingLong(Expiry::millis)
              .thenComparing(Expiry::subjectInOrder)
              .thenComparing(Expiry::id));
  private long nowMillis;
  private long logIndex;
  private boolean archiving;
  private final List<ByteString> mapVersions = new ArrayList<>();

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
    // What an entry makes unreadable is removed by later ones only.
    unreadable.clear();
    subjects.forEach(
        (name, subject) -> {
          if (subject.removedId < subject.firstId - 1) {
            List<Long> ids = List.copyOf(subject.messages.headMap(subject.firstId).keySet());
            unreadable.put(name, new Unreadable(subject.firstId - 1, ids));
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
      SubjectModel subject = living(reserve.subject());
      for (int i = 0; i < reserve.count(); i++) {
        subject.reserved.add(++subject.head);
        subject.indexById.put(subject.head, logIndex);
      }
      return new Outcome(new long[] {subject.head}, new int[0]);
    }
    if (command instanceof SubjectCommand administration) {
      return new Outcome(new long[] {administer(administration)}, new int[0]);
    }
    if (command instanceof ReplaceClusterMap replace) {
      boolean fits = replace.basedOnVersion() == mapVersions.size();
      if (fits) {
        mapVersions.add(replace.map());
      }
      return new Outcome(new long[] {fits ? mapVersions.size() : 0}, new int[0]);
    }
    if (command instanceof OpenArchive) {
      archiving |= subjects.isEmpty();
    } else if (command instanceof MarkArchived mark) {
      markArchived(mark.upToIndex());
    } else if (command instanceof MarkRemoved mark) {
      SubjectModel subject = subjects.get(mark.subject());
      if (subject != null && archiving) {
        long toId = Math.min(mark.upToId(), subject.firstId - 1);
        subject.removedId = Math.max(subject.removedId, toId);
      }
    } else if (!swept && !archiving) {
      expire(((Expire) command).maxRows());
    }
    return Outcome.NO_IDS;
  }

  private long administer(SubjectCommand command) {
    SubjectModel known = subjects.get(command.subject());
    boolean exists = known != null && known.exists;
    if (command instanceof CreateSubject create) {
      if (exists) {
        return 0;
      }
      SubjectModel created = living(create.subject());
      created.settings = create.settings().appliedTo(SubjectSettings.DEFAULT);
      return created.head + 1;
    }
    if (known == null || !exists) {
      return 0;
    }
    if (command instanceof UpdateSubject update) {
      int maxAge = known.settings.maxAgeSeconds();
      known.settings = update.settings().appliedTo(known.settings);
      int newMaxAge = known.settings.maxAgeSeconds();
      if (newMaxAge == 0) {
        known.agingId = 0;
      } else if (maxAge == 0 || newMaxAge < maxAge) {
        known.agingId = known.head;
      }
      known.obeyMaxMessages();
      return known.head + 1;
    }
    if (command instanceof PurgeSubject purge) {
      known.keepFrom(Math.min(purge.upToId(), known.head) + 1);
      if (known.agingId < known.firstId) {
        known.agingId = 0;
      }
      return known.firstId;
    }
    known.keepFrom(known.head + 1);
    known.settings = SubjectSettings.DEFAULT;
    known.agingId = 0;
    known.exists = false;
    return known.head + 1;
  }

  private SubjectModel living(Subject name) {
    SubjectModel subject = subject(name);
    subject.exists = true;
    return subject;
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
    SubjectModel subject = living(message.subject());
    long id = ++subject.head;
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(12).putInt(subject.checksum).putLong(id).array());
    crc.update(message.body().toByteArray());
    subject.checksum = (int) crc.getValue();
    long lifeSeconds =
        message.expirationSeconds() == 0
            ? subject.settings.defaultExpirationSeconds()
            : message.expirationSeconds();
    long maxAge = subject.settings.maxAgeSeconds();
    if (maxAge > 0 && (lifeSeconds == 0 || lifeSeconds > maxAge)) {
      lifeSeconds = maxAge;
    }
    long expiresAt = lifeSeconds == 0 ? 0 : nowMillis + 1_000L * lifeSeconds;
    if (expiresAt != 0 && !archiving) {
      expiries.add(
          new Expiry(expiresAt, List.copyOf(subjects.keySet()).indexOf(message.subject()), id));
    }
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
    subject.kept.add(id);
    subject.obeyMaxMessages();
    subject.indexById.put(id, logIndex);
    if (message.idempotency() != null) {
      long freeAt = nowMillis + 1_000L * message.idempotency().windowSeconds();
      subject.keys.put(message.idempotency().key(), new Key(id, message, freeAt));
    }
    return id;
  }

  private void expire(int maxRows) {
    List<SubjectModel> inOrderOfFirstUse = List.copyOf(subjects.values());
    List<Expiry> due = expiries.stream().filter(e -> e.millis <= nowMillis).limit(maxRows).toList();
    List<Runnable> removals = new ArrayList<>();
    long left = maxRows;
    for (Map.Entry<Subject, Unreadable> each : unreadable.entrySet()) {
      List<Long> ids = each.getValue().ids;
      int count = (int) Math.min(left, ids.size());
      long toId = count < ids.size() ? ids.get(count) - 1 : each.getValue().toId;
      if (left > 0) {
        left -= Math.max(1, count);
        removals.add(
            () -> {
              SubjectModel subject = subject(each.getKey());
              subject.removedId = toId;
              subject.messages.headMap(toId, true).clear();
            });
      }
    }
    for (Expiry expiry : due) {
      expiries.remove(expiry);
      inOrderOfFirstUse.get(expiry.subjectInOrder).messages.remove(expiry.id);
    }
    removals.forEach(Runnable::run);
  }

  private SubjectModel subject(Subject name) {
    return subjects.computeIfAbsent(name, n -> new SubjectModel());
  }

  /** Compares all that a replica can be asked. */
  void assertHeldBy(ShardStore store, List<Subject> names) {
    assertThat(store.view().lastTimeMillis()).isEqualTo(nowMillis);
    assertThat(store.subjects()).isEqualTo(subjects.size());
    assertThat(store.reader().clusterMap().version()).isEqualTo(mapVersions.size());
    if (!mapVersions.isEmpty()) {
      assertThat(ByteString.copyFrom(store.reader().clusterMap().content()))
          .isEqualTo(mapVersions.get(mapVersions.size() - 1));
    }
    for (Subject name : names) {
      SubjectModel subject = subjects.getOrDefault(name, new SubjectModel());
      ShardReader reader = store.reader();
      assertThat(reader.head(name)).isEqualTo(subject.head);
      List<StoredMessage> messages = reader.read(name, 1, Integer.MAX_VALUE);
      assertThat(messages.stream().map(ShardModel::parsed).toList())
          .isEqualTo(List.copyOf(subject.messages.tailMap(subject.firstId).values()));
      List<StoredMessage> stored = reader.stored(name, 1, Integer.MAX_VALUE);
      assertThat(stored.stream().map(ShardModel::parsed).toList())
          .isEqualTo(List.copyOf(subject.messages.values()));
      for (long id = 1; id <= subject.head + 1; id++) {
        assertThat(reader.isReserved(name, id))
            .as("%s#%d is reserved", name, id)
            .isEqualTo(subject.reserved.contains(id));
      }
      SubjectState state = store.view().subject(name);
      assertThat(state == null ? 0 : state.stored().messages()).isEqualTo(stored.size());
      assertThat(state == null ? 0 : state.stored().bytes())
          .isEqualTo(stored.stream().mapToLong(m -> m.frame().length).sum());
      assertThat(state != null && !state.isDeleted()).isEqualTo(subject.exists);
      assertThat(reader.settings(name)).isEqualTo(subject.settings);
      assertThat(reader.firstId(name)).isEqualTo(subject.firstId);
      assertThat(state == null ? 0 : state.kept().messages()).isEqualTo(subject.kept.size());
      assertThat(state == null ? 0 : state.kept().removedId()).isEqualTo(subject.removedId);
      assertThat(store.view().agingId(name)).isEqualTo(subject.agingId);
      assertThat(reader.removalsDue(9).stream().anyMatch(due -> due.subject().equals(name)))
          .isEqualTo(subject.removedId < subject.firstId - 1);
      assertThat(reader.archivedId(name)).isEqualTo(subject.archivedId);
      assertThat(state == null ? 0 : state.archived().messages())
          .isEqualTo(subject.archivedMessages);
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
    return state == null ? 0 : state.stored().bytes();
  }

  private static MessageResponse parsed(StoredMessage message) {
    try {
      return MessageResponse.parseFrom(ByteString.copyFrom(message.frame()));
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError("not a MessageResponse", e);
    }
  }
}
