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
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AdoptSubjects;
import org.raftbroker.raft.command.Command.AdoptedSubject;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.CreateSubject;
import org.raftbroker.raft.command.Command.DeleteSubject;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.MarkArchived;
import org.raftbroker.raft.command.Command.MarkRemoved;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.raft.command.Command.ReplaceClusterMap;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Command.UpdateSubject;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.Changes.NewKey;
import org.raftbroker.storage.Changes.RemovedRun;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.KeyState;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.ShardView.ExpiringKey;
import org.raftbroker.storage.ShardView.ExpiringMessage;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.VersionedMap;

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

  /** Their sizes are found out by reading them. A part of the rule: every replica stops there. */
  private static final long MAX_REMOVED_BYTES = 8 * 1024 * 1024;

  /** The answer to a command that had to leave everything as it was. */
  private static final Outcome NOT_DONE = answer(0);

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
  private final Map<Subject, BacklogRun> growingRuns = new LinkedHashMap<>();
  private final List<BacklogRun> backlog = new ArrayList<>();
  private final List<BacklogRun> archived = new ArrayList<>();
  private ArchiveState archive;
  private final Map<Subject, SubjectSettings> newSettings = new LinkedHashMap<>();
  private final SubjectLimits limits;
  private final Set<Subject> removals = new LinkedHashSet<>();
  private final List<RemovedRun> removed = new ArrayList<>();
  private final Map<Subject, Long> aging = new LinkedHashMap<>();
  private long lastSubjectNumber;
  private @Nullable VersionedMap clusterMap;

  private Applier(ShardView view, Entry entry) {
    this.view = view;
    this.entry = entry;
    // Log time: a new leader's clock may be behind the old one's, and time must not run backwards
    // within a subject.
    this.nowMillis = Math.max(entry.leaderTimeMillis(), view.lastTimeMillis());
    this.lastSubjectNumber = view.lastSubjectNumber();
    this.archive = view.archive();
    this.limits = new SubjectLimits(view, this::newRuns);
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
    backlog.addAll(growingRuns.values());
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
            expiredKeys,
            archive,
            backlog,
            archived,
            new Changes.Retention(newSettings, limits.marks(), removals(), removed, aging),
            clusterMap);
    return new Applied(changes, outcomes);
  }

  private Map<Subject, Boolean> removals() {
    removals.addAll(limits.moved());
    Map<Subject, Boolean> due = new LinkedHashMap<>();
    removals.forEach(subject -> due.put(subject, subject(subject).isRemovalDue()));
    return due;
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
    if (command instanceof CreateSubject create) {
      return create(create);
    }
    if (command instanceof UpdateSubject update) {
      return update(update);
    }
    if (command instanceof PurgeSubject purge) {
      return purge(purge);
    }
    if (command instanceof DeleteSubject delete) {
      return delete(delete);
    }
    if (command instanceof MarkRemoved mark) {
      return markRemoved(mark);
    }
    if (command instanceof AdoptSubjects adopt) {
      return adopt(adopt);
    }
    if (command instanceof OpenArchive open) {
      return open(open);
    }
    if (command instanceof MarkArchived mark) {
      return markArchived(mark);
    }
    if (command instanceof ReplaceClusterMap replace) {
      return replace(replace);
    }
    // Java 17 cannot check this chain; ApplierTest walks Command's permitted subclasses instead.
    throw new IllegalStateException("no rule for " + command.getClass().getName());
  }

  private Outcome replace(ReplaceClusterMap replace) {
    long version = clusterMap == null ? view.clusterMap().version() : clusterMap.version();
    if (replace.basedOnVersion() != version) {
      return NOT_DONE;
    }
    clusterMap = new VersionedMap(version + 1, replace.map().asReadOnlyByteBuffer());
    return answer(version + 1);
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
    SubjectState state = subject(subject).createdAt(nowMillis);
    SubjectSettings settings = settings(subject);
    long id = Math.incrementExact(state.lastId());
    int checksum = MessageFrame.checksum(state.head().checksum(), id, message.body());
    int expirationSeconds = settings.expirationSeconds(message.expirationSeconds());
    long expiresAt =
        expirationSeconds == 0 ? 0 : nowMillis + Duration.ofSeconds(expirationSeconds).toMillis();
    byte[] frame =
        MessageFrame.encode(message, id, nowMillis, expiresAt, state.head().messageId(), checksum);
    messages.add(new StoredMessage(subject, id, expiresAt, frame));
    ReservedRun run = reserved.remove(subject);
    if (run != null) {
      closedRuns.add(run);
    }
    subjects.put(
        subject,
        limits.obeyed(
            subject,
            settings,
            state.withMessage(id, checksum, frame.length),
            state.kept().publishedBytes()));
    if (archive.open()) {
      toBacklog(BacklogRun.message(entry.logIndex(), subject, state.number(), id, frame.length));
    }
    return id;
  }

  private Outcome reserve(ReserveIds reserve) {
    Subject subject = reserve.subject();
    SubjectState state = subject(subject).createdAt(nowMillis);
    // A run that touches the one before becomes one with it, so that a subject that is only
    // reserved stays one row.
    long reservedFrom = state.head().reservedFrom();
    long from = reservedFrom == 0 ? state.lastId() + 1 : reservedFrom;
    long to = Math.addExact(state.lastId(), reserve.count());
    reserved.put(subject, new ReservedRun(subject, from, to));
    subjects.put(subject, state.withReserved(from, to));
    if (archive.open()) {
      toBacklog(
          BacklogRun.reserved(entry.logIndex(), subject, state.number(), state.lastId() + 1, to));
    }
    return new Outcome(new long[] {to}, new int[0]);
  }

  private Outcome expire(Expire expire) {
    if (expired) {
      return Outcome.NO_IDS; // the view would name the same rows again
    }
    expired = true;
    expiredMessages = view.expiredMessages(nowMillis, expire.maxRows());
    for (ExpiringMessage message : expiredMessages) {
      SubjectState state = subject(message.subject());
      // What a purge or a limit took from the store before left its time of expiry behind.
      if (message.id() > state.kept().removedId()) {
        subjects.put(message.subject(), state.without(1, message.frameBytes()));
      }
    }
    expiredKeys = view.expiredKeys(nowMillis, expire.maxRows());
    if (!archive.open()) {
      removeUnreadable(expire.maxRows());
    }
    return Outcome.NO_IDS;
  }

  private void removeUnreadable(int maxMessages) {
    for (RemovedRun run : view.unreadable(maxMessages, MAX_REMOVED_BYTES)) {
      long messages = run.messages();
      long bytes = run.bytes();
      for (ExpiringMessage message : expiredMessages) {
        boolean isInRun = run.fromId() <= message.id() && message.id() <= run.toId();
        if (isInRun && message.subjectNumber() == run.subjectNumber()) {
          messages--;
          bytes -= message.frameBytes();
        }
      }
      SubjectState state = subject(run.subject());
      subjects.put(run.subject(), state.without(messages, bytes).removedUpTo(run.toId()));
      removed.add(run);
      removals.add(run.subject());
    }
  }

  private Outcome create(CreateSubject create) {
    Subject subject = create.subject();
    SubjectState known = known(subject);
    if (known != null && !known.isDeleted()) {
      return NOT_DONE;
    }
    subjects.put(subject, subject(subject).createdAt(nowMillis));
    return set(subject, create.settings().appliedTo(SubjectSettings.DEFAULT));
  }

  private Outcome update(UpdateSubject update) {
    Subject subject = update.subject();
    SubjectState state = known(subject);
    if (state == null || state.isDeleted()) {
      return NOT_DONE;
    }
    SubjectSettings before = settings(subject);
    SubjectSettings after = update.settings().appliedTo(before);
    int maxAge = after.maxAgeSeconds();
    if (maxAge == 0) {
      aging.put(subject, 0L);
    } else if (before.maxAgeSeconds() == 0 || maxAge < before.maxAgeSeconds()) {
      aging.put(subject, state.lastId());
    }
    subjects.put(subject, limits.obeyed(subject, after, state));
    return set(subject, after);
  }

  private Outcome set(Subject subject, SubjectSettings after) {
    newSettings.put(subject, after);
    SubjectState state = subject(subject);
    subjects.put(subject, state);
    tellCatalog(subject, state);
    return answer(state.lastId() + 1);
  }

  private Outcome purge(PurgeSubject purge) {
    Subject subject = purge.subject();
    SubjectState state = known(subject);
    if (state == null || state.isDeleted()) {
      return NOT_DONE;
    }
    SubjectState purged = limits.purged(subject, state, purge.upToId());
    subjects.put(subject, purged);
    if (agingId(subject) < purged.firstId()) {
      aging.put(subject, 0L);
    }
    tellCatalog(subject, purged);
    return answer(purged.firstId());
  }

  private Outcome delete(DeleteSubject delete) {
    Subject subject = delete.subject();
    SubjectState state = known(subject);
    if (state == null || state.isDeleted()) {
      return NOT_DONE;
    }
    subjects.put(subject, limits.purged(subject, state, Long.MAX_VALUE).deleted());
    aging.put(subject, 0L);
    return set(subject, SubjectSettings.DEFAULT);
  }

  private Outcome markRemoved(MarkRemoved mark) {
    SubjectState state = known(mark.subject());
    if (state == null || !archive.open()) {
      return Outcome.NO_IDS;
    }
    long fromId = state.kept().removedId() + 1;
    long toId = Math.min(mark.upToId(), state.firstId() - 1);
    if (toId >= fromId) {
      subjects.put(mark.subject(), state.removedUpTo(toId));
      removed.add(new RemovedRun(mark.subject(), state.number(), fromId, toId, 0, 0));
      removals.add(mark.subject());
    }
    return Outcome.NO_IDS;
  }

  private static Outcome answer(long id) {
    return new Outcome(new long[] {id}, new int[0]);
  }

  /** What is known of a subject itself is for the catalog, too. */
  private void tellCatalog(Subject subject, SubjectState state) {
    if (archive.open()) {
      toBacklog(BacklogRun.subjectOnly(entry.logIndex(), subject, state.number()));
    }
  }

  private List<ReservedRun> newRuns(Subject subject) {
    List<ReservedRun> runs = new ArrayList<>(1);
    for (ReservedRun run : closedRuns) {
      if (run.subject().equals(subject)) {
        runs.add(run);
      }
    }
    ReservedRun growing = reserved.get(subject);
    if (growing != null) {
      runs.add(growing);
    }
    return runs;
  }

  private SubjectSettings settings(Subject subject) {
    SubjectSettings changed = newSettings.isEmpty() ? null : newSettings.get(subject);
    return changed == null ? view.settings(subject) : changed;
  }

  private long agingId(Subject subject) {
    Long changed = aging.get(subject);
    return changed == null ? view.agingId(subject) : changed;
  }

  private void toBacklog(BacklogRun run) {
    archive = archive.with(run);
    BacklogRun before = growingRuns.get(run.subject());
    if (before != null && !before.continuesIn(run)) {
      backlog.add(before);
      before = null;
    }
    growingRuns.put(run.subject(), before == null ? run : before.joined(run));
  }

  private Outcome adopt(AdoptSubjects adopt) {
    if (!isUntouched()) {
      return Outcome.NO_IDS;
    }
    if (archive.incarnation().number() == 0) {
      archive = ArchiveState.adopting(adopt.incarnation());
    }
    for (AdoptedSubject adopted : adopt.subjects()) {
      Subject subject = adopted.known().subject();
      ArchivedSubject known = adopted.known();
      long reservedFrom = 0;
      long messages = known.lastId() - known.firstId() + 1;
      for (ReservedRun run : adopted.reserved()) {
        closedRuns.add(run);
        reservedFrom = run.toId() == known.lastId() ? run.fromId() : 0;
        messages -= Math.max(0, run.toId() - Math.max(run.fromId(), known.firstId()) + 1);
      }
      subjects.put(
          subject, SubjectState.adopted(subject(subject).number(), known, reservedFrom, messages));
      newSettings.put(subject, known.settings());
      limits.mark(subject, known.lastId(), known.bytes());
      removals.add(subject);
      if (known.settings().maxAgeSeconds() > 0) {
        aging.put(subject, known.lastId());
      }
    }
    return Outcome.NO_IDS;
  }

  private Outcome open(OpenArchive open) {
    if (isUntouched()) {
      archive =
          ArchiveState.opened(
              archive.incarnation().number() == 0
                  ? new Incarnation(open.incarnation(), 0)
                  : archive.incarnation());
    }
    return Outcome.NO_IDS;
  }

  /** Whether this log has given out no id yet: all subjects there are were adopted. */
  private boolean isUntouched() {
    return !archive.open() && (lastSubjectNumber == 0 || archive.incarnation().number() != 0);
  }

  private Outcome markArchived(MarkArchived mark) {
    boolean isNew =
        mark.upToIndex() > archive.archivedIndex() && mark.upToIndex() < entry.logIndex();
    if (!archive.open() || !isNew) {
      return Outcome.NO_IDS; // a leader that was replaced may do a step once more
    }
    for (BacklogRun run : view.backlog(mark.upToIndex())) {
      if (run.logIndex() > archive.archivedIndex()) {
        archive = archive.without(run);
        archived.add(run);
        subjects.put(run.subject(), subject(run.subject()).withArchived(run));
      }
    }
    archive = archive.archivedUpTo(mark.upToIndex());
    return Outcome.NO_IDS;
  }

  private SubjectState subject(Subject subject) {
    SubjectState state = known(subject);
    return state == null ? SubjectState.first(++lastSubjectNumber, nowMillis) : state;
  }

  private @Nullable SubjectState known(Subject subject) {
    SubjectState state = subjects.get(subject);
    return state == null ? view.subject(subject) : state;
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
