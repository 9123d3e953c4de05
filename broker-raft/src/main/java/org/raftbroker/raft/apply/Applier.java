package org.raftbroker.raft.apply;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.NewMessage.Idempotency;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.Changes.NewKey;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.KeyState;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.ShardView.ExpiringKey;
import org.raftbroker.storage.ShardView.ExpiringMessage;
import org.raftbroker.storage.SubjectState;

/**
 * Decides what one committed entry changes. Pure: same view and entry, same answer, on every node
 * and in every replay. Here, and nowhere else, ids come into being.
 *
 * <p>One object decides one entry: it reads the view through what the entry has already changed.
 */
public final class Applier {
  /**
   * How long a silent origin is remembered: far longer than any retry of its last submission can be
   * under way.
   */
  static final long ORIGIN_MEMORY_MILLIS = Duration.ofHours(1).toMillis();

  private final ShardView view;
  private final Entry entry;
  private final long nowMillis;

  private final Map<Subject, SubjectState> subjects = new LinkedHashMap<>();
  private final List<StoredMessage> messages = new ArrayList<>();
  private final Map<Subject, ReservedRun> reserved = new LinkedHashMap<>();
  private final List<ReservedRun> closedRuns = new ArrayList<>();
  private final Map<Long, OriginState> origins = new LinkedHashMap<>();
  private final Set<Long> forgottenOrigins = new LinkedHashSet<>();
  private final Map<KeyName, NewKey> keys = new LinkedHashMap<>();
  private List<ExpiringMessage> expiredMessages = List.of();
  private List<ExpiringKey> expiredKeys = List.of();
  private boolean expired;
  private long lastSubjectNumber;

  private Applier(ShardView view, Entry entry) {
    this.view = view;
    this.entry = entry;
    // Log time: a new leader's clock may be behind the old one's, and time must not run backwards
    // within a subject.
    this.nowMillis = Math.max(entry.leaderTimeMillis(), view.lastTimeMillis());
    this.lastSubjectNumber = view.lastSubjectNumber();
  }

  public static Applied apply(ShardView view, Entry entry) {
    return new Applier(view, entry).apply();
  }

  private Applied apply() {
    List<Outcome> outcomes = new ArrayList<>(entry.submissions().size());
    for (Submission submission : entry.submissions()) {
      outcomes.add(applyOnce(submission));
    }
    closedRuns.addAll(reserved.values());
    Changes changes =
        new Changes(
            entry.term(),
            entry.logIndex(),
            nowMillis,
            subjects,
            messages,
            closedRuns,
            origins,
            List.copyOf(forgottenOrigins),
            List.copyOf(keys.values()),
            expiredMessages,
            expiredKeys);
    return new Applied(changes, outcomes);
  }

  private Outcome applyOnce(Submission submission) {
    if (submission.origin() == Submission.NO_ORIGIN) {
      return apply(submission.command());
    }
    OriginState origin =
        origins.getOrDefault(submission.origin(), view.origins().get(submission.origin()));
    if (origin == null) {
      forgetSilentOrigins();
      origin = OriginState.NEW;
    }
    if (submission.sequence() <= origin.lastSequence()) {
      Outcome before = origin.outcome(submission.sequence());
      return before == null ? Outcome.OUT_OF_ORDER : before;
    }
    if (submission.sequence() > origin.lastSequence() + 1) {
      return Outcome.OUT_OF_ORDER;
    }
    Outcome outcome = apply(submission.command());
    forgottenOrigins.remove(submission.origin()); // it was silent, and speaks
    origins.put(submission.origin(), origin.applied(submission.sequence(), nowMillis, outcome));
    return outcome;
  }

  private void forgetSilentOrigins() {
    new TreeMap<>(view.origins())
        .forEach(
            (id, origin) -> {
              if (origin.lastTimeMillis() + ORIGIN_MEMORY_MILLIS < nowMillis
                  && !origins.containsKey(id)) {
                forgottenOrigins.add(id);
              }
            });
  }

  private Outcome apply(Command command) {
    if (command instanceof AppendBatch batch) {
      return append(batch);
    }
    if (command instanceof ReserveIds reserve) {
      return reserve(reserve);
    }
    if (command instanceof Expire expire) {
      return expire(expire);
    }
    // Java 17 cannot check this chain; ApplierTest walks Command's permitted subclasses instead.
    throw new IllegalStateException("no rule for " + command.getClass().getName());
  }

  private Outcome append(AppendBatch batch) {
    long[] ids = new long[batch.messages().size()];
    List<Integer> reused = new ArrayList<>(0);
    for (int i = 0; i < ids.length; i++) {
      NewMessage message = batch.messages().get(i);
      Idempotency idempotency = message.idempotency();
      if (idempotency == null) {
        ids[i] = append(message);
        continue;
      }
      KeyName name = new KeyName(message.subject(), idempotency.key());
      long contentHash = contentHash(message);
      KeyState known = key(name);
      if (known == null) {
        ids[i] = append(message);
        long forgottenAt = nowMillis + Duration.ofSeconds(idempotency.windowSeconds()).toMillis();
        keys.put(
            name,
            new NewKey(name.subject(), name.key(), new KeyState(ids[i], contentHash, forgottenAt)));
      } else {
        ids[i] = known.id();
        if (known.contentHash() != contentHash) {
          reused.add(i);
        }
      }
    }
    return new Outcome(ids, reused.stream().mapToInt(Integer::intValue).toArray());
  }

  private long append(NewMessage message) {
    Subject subject = message.subject();
    SubjectState state = subject(subject);
    long id = Math.incrementExact(state.lastId());
    int checksum = MessageFrame.checksum(state.checksum(), id, message.body());
    long expiresAt =
        message.expirationSeconds() == 0
            ? 0
            : nowMillis + Duration.ofSeconds(message.expirationSeconds()).toMillis();
    byte[] frame =
        MessageFrame.encode(message, id, nowMillis, expiresAt, state.lastMessageId(), checksum);
    messages.add(new StoredMessage(subject, id, expiresAt, frame));
    ReservedRun run = reserved.remove(subject);
    if (run != null) {
      closedRuns.add(run);
    }
    subjects.put(subject, state.withMessage(id, checksum, frame.length));
    return id;
  }

  private Outcome reserve(ReserveIds reserve) {
    Subject subject = reserve.subject();
    SubjectState state = subject(subject);
    // A run that touches the one before becomes one with it, so that a subject that is only
    // reserved stays one row.
    long from = state.reservedFrom() == 0 ? state.lastId() + 1 : state.reservedFrom();
    long to = Math.addExact(state.lastId(), reserve.count());
    reserved.put(subject, new ReservedRun(subject, from, to));
    subjects.put(subject, state.withReserved(from, to));
    return new Outcome(new long[] {to}, new int[0]);
  }

  private Outcome expire(Expire expire) {
    if (expired) {
      return Outcome.NO_IDS; // the view would name the same rows again
    }
    expired = true;
    expiredMessages = view.expiredMessages(nowMillis, expire.maxRows());
    for (ExpiringMessage message : expiredMessages) {
      subjects.put(
          message.subject(), subject(message.subject()).withoutMessage(message.frameBytes()));
    }
    expiredKeys = view.expiredKeys(nowMillis, expire.maxRows());
    return Outcome.NO_IDS;
  }

  private SubjectState subject(Subject subject) {
    SubjectState state = subjects.get(subject);
    if (state == null) {
      state = view.subject(subject);
    }
    return state == null ? SubjectState.first(++lastSubjectNumber) : state;
  }

  private @Nullable KeyState key(KeyName name) {
    NewKey added = keys.get(name);
    return added == null ? view.key(name.subject(), name.key(), nowMillis) : added.state();
  }

  /** Each part is preceded by its length, so that no content can be made to look like another. */
  private static long contentHash(NewMessage message) {
    MessageDigest digest = sha256();
    digest.update(
        ByteBuffer.allocate(8)
            .putInt(message.expirationSeconds())
            .putInt(message.body().size())
            .flip());
    message.body().asReadOnlyByteBufferList().forEach(digest::update);
    new TreeMap<>(message.headers())
        .forEach(
            (name, value) -> {
              update(digest, name);
              update(digest, value);
            });
    return ByteBuffer.wrap(digest.digest()).getLong();
  }

  private static void update(MessageDigest digest, String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(4).putInt(utf8.length).flip());
    digest.update(utf8);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  private record KeyName(Subject subject, String key) {}
}
