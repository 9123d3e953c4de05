package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.ReplaceClusterMap;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.Archive.ArchivedRun;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.SubjectState;

/**
 * A shard of which this node has a replica: publishes through group commit, reads from the local
 * store, and asks the leader only if that cannot tell.
 */
public final class ReplicatedShard implements Shard {
  /** About the time from a leader's end to the next one's beginning is a few of these. */
  private static final long BARRIER_RETRY_MILLIS = 50;

  private final int number;
  private final ReplicatedLog log;
  private final ShardReader reader;
  private final Replica replica;
  private final GroupCommit groupCommit;
  private final EntryQueue entries;
  private final ReadBarriers barriers;
  private final Executor diskReads;
  private final LongSupplier clockMillis;
  private final @Nullable SharedArchive archive;
  private final ScheduledExecutorService timer;
  private final long patienceMillis;

  /** The parts of a replica that only its Raft implementation knows. */
  public interface Replica {
    ReplicaStatus status();

    CompletableFuture<String> transferLeadership(@Nullable String toMemberId);
  }

  /**
   * What the shards of a node share.
   *
   * @param archive null: messages stay in the store
   */
  public record Shared(
      String selfId,
      GroupCommitConfig groupCommit,
      PeerLink peers,
      CommitObserver observer,
      ScheduledExecutorService timer,
      Executor diskReads,
      LongSupplier clockMillis,
      long leaderlessPatienceMillis,
      @Nullable SharedArchive archive) {}

  public ReplicatedShard(
      int number, ReplicatedLog log, ShardReader reader, Replica replica, Shared shared) {
    this.number = number;
    this.log = log;
    this.reader = reader;
    this.replica = replica;
    this.diskReads = shared.diskReads;
    this.clockMillis = shared.clockMillis;
    this.archive = shared.archive;
    this.timer = shared.timer;
    this.patienceMillis = shared.leaderlessPatienceMillis;
    this.entries = new EntryQueue(number, log, shared.observer, shared.groupCommit.maxBatchBytes());
    this.groupCommit =
        new GroupCommit(
            number,
            shared.selfId,
            shared.groupCommit,
            log,
            entries,
            shared.peers,
            shared.observer,
            shared.timer,
            System::nanoTime,
            shared.leaderlessPatienceMillis);
    // A barrier that no majority answers would hold back all later ones.
    this.barriers =
        new ReadBarriers(() -> log.readBarrier().orTimeout(patienceMillis, TimeUnit.MILLISECONDS));
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public CompletableFuture<Outcome> publish(List<NewMessage> messages) {
    BrokerException refusal = refusal();
    return refusal == null
        ? groupCommit.publish(messages)
        : CompletableFuture.failedFuture(refusal);
  }

  @Override
  public CompletableFuture<Long> submit(SingleCommand command) {
    BrokerException refusal =
        command instanceof ReserveIds
            ? refusal()
            : command instanceof ReplaceClusterMap ? null : notOpen();
    return refusal == null
        ? groupCommit.submit(command).thenApply(outcome -> outcome.id(0))
        : CompletableFuture.failedFuture(refusal);
  }

  /** Why no ids are given out now; null if they are. */
  private @Nullable BrokerException refusal() {
    BrokerException notOpen = notOpen();
    return archive == null || notOpen != null ? notOpen : archive.full(number, state());
  }

  /**
   * Why nothing may be changed yet; null if it may. What this replica has applied decides: it opens
   * by an entry of the log, so what is submitted after that comes after it in the log, too. A
   * replica that is out of service leaves it to the leader.
   */
  private @Nullable BrokerException notOpen() {
    return archive == null || log.problem() != null ? null : archive.notOpen(number, state());
  }

  private ArchiveState state() {
    try {
      return reader.archive();
    } catch (StoreException e) {
      return ArchiveState.NONE; // not started yet
    }
  }

  /** The receiving end of {@link PeerLink#forward}; fails if this node does not lead. */
  public CompletableFuture<List<Outcome>> submit(List<Submission> submissions) {
    if (archive != null && !state().open() && !areOfTheClusterMap(submissions)) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("shard " + number + " does not give out ids yet"));
    }
    List<CompletableFuture<Outcome>> outcomes = submissions.stream().map(entries::add).toList();
    return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
        .thenApply(done -> outcomes.stream().map(CompletableFuture::join).toList());
  }

  /** It has no ids, and is needed before any are given out. */
  private static boolean areOfTheClusterMap(List<Submission> submissions) {
    return submissions.stream().allMatch(s -> s.command() instanceof ReplaceClusterMap);
  }

  /** Proposes to remove what is past its time or cannot be read any more; for the leader. */
  public CompletableFuture<Outcome> expire(int maxRows) {
    return propose(new Expire(maxRows));
  }

  /** Proposes a command that may be applied twice; fails if this node does not lead. */
  public CompletableFuture<Outcome> propose(Command command) {
    return entries.add(new Submission(Submission.NO_ORIGIN, 0, command));
  }

  /** Whether this node's replica leads and takes entries. */
  public boolean leads() {
    return log.leads();
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    return find(subject, id)
        .exceptionallyCompose(
            why ->
                // Up to the head nothing changes any more but by expiry; past it, another replica
                // may know more.
                isNotPublished(why)
                    ? readBarrier().thenCompose(done -> find(subject, id))
                    : CompletableFuture.failedFuture(why))
        .thenApply(this::unexpired);
  }

  private static boolean isNotPublished(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof BrokerException refusal && refusal.reason() == Reason.ID_NOT_PUBLISHED;
  }

  /** The message, or a refusal that says why this replica has none. */
  private CompletableFuture<StoredMessage> find(Subject subject, long id) {
    StoredMessage inMemory;
    try {
      inMemory = reader.messageInMemory(subject, id);
    } catch (StoreException e) {
      return CompletableFuture.failedFuture(stopped(e));
    }
    return inMemory == null || inMemory == ShardReader.NOT_IN_MEMORY
        ? onDisk(() -> messageOrWhyNot(subject, id))
            .thenCompose(
                found ->
                    found == null
                        ? archived(subject, id)
                        : CompletableFuture.completedFuture(found))
        : CompletableFuture.completedFuture(inMemory);
  }

  /** Null: it is in the archive, if anywhere. */
  private @Nullable StoredMessage messageOrWhyNot(Subject subject, long id) {
    // The head first: a message that is applied from now on is past it, and so cannot be taken for
    // one that has expired.
    long head = reader.head(subject);
    StoredMessage message = reader.message(subject, id);
    if (message != null) {
      return message;
    }
    String which = "message " + id + " of \"" + subject + "\"";
    if (id > head) {
      throw new BrokerException(
          Reason.ID_NOT_PUBLISHED, which + " is not published; the highest id so far is " + head);
    }
    long firstId = reader.firstId(subject);
    if (id < firstId) {
      throw new BrokerException(
          Reason.MESSAGE_REMOVED,
          which + " was removed by a purge or a limit; the first id that is kept is " + firstId);
    }
    if (id <= reader.archivedId(subject)) {
      return null;
    }
    throw whyNot(subject, id);
  }

  private CompletableFuture<StoredMessage> archived(Subject subject, long id) {
    return SharedArchive.refusing(archive(subject).message(subject, id))
        .thenCompose(
            found ->
                found == null
                    ? onDisk(
                        () -> {
                          throw whyNot(subject, id);
                        })
                    : CompletableFuture.completedFuture(found));
  }

  /**
   * The archive, for a subject of which it has messages.
   *
   * @throws BrokerException if this node was not told where it is
   */
  private Archive archive(Subject subject) {
    if (archive == null) {
      throw new BrokerException(
          Reason.ARCHIVE_UNAVAILABLE,
          "messages of \""
              + subject
              + "\" are in an archive that this node was not told of (archive.enabled)");
    }
    return archive.archive();
  }

  private BrokerException whyNot(Subject subject, long id) {
    return reader.isReserved(subject, id)
        ? new BrokerException(
            Reason.ID_RESERVED,
            "id " + id + " of \"" + subject + "\" was reserved; it has no message")
        : expired("message " + id + " of \"" + subject + "\"");
  }

  private StoredMessage unexpired(StoredMessage message) {
    if (message.isExpiredAt(clockMillis.getAsLong())) {
      throw expired("message " + message.id() + " of \"" + message.subject() + "\"");
    }
    return message;
  }

  private static BrokerException expired(String which) {
    return new BrokerException(Reason.MESSAGE_EXPIRED, which + " has expired");
  }

  private <T extends @Nullable Object> CompletableFuture<T> onDisk(Supplier<T> read) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return read.get();
          } catch (StoreException e) {
            throw stopped(e);
          }
        },
        diskReads);
  }

  private static BrokerException stopped(StoreException e) {
    return new BrokerException(
        Reason.SHARD_STOPPED, String.valueOf(e.getMessage()) + "; retry at another node");
  }

  @Override
  public CompletableFuture<ArchivedRun> readArchived(Subject subject, long fromId, int maxBytes) {
    long keptFrom = Math.max(fromId, reader.firstId(subject));
    return SharedArchive.refusing(
        archive(subject).read(subject, keptFrom, reader.archivedId(subject), maxBytes));
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    long inStore = reader.firstIdAtOrAfter(subject, timeMillis);
    long archivedId = reader.archivedId(subject);
    return archivedId == 0 || isFirstInStoreBefore(subject, archivedId, timeMillis)
        ? CompletableFuture.completedFuture(inStore)
        : SharedArchive.refusing(archive(subject).firstIdAtOrAfter(subject, archivedId, timeMillis))
            .thenApply(id -> id <= archivedId ? id : Math.max(id, inStore))
            .thenApply(id -> Math.max(id, reader.firstId(subject)));
  }

  /** Time never goes back within a subject: the archive then has only messages from before. */
  private boolean isFirstInStoreBefore(Subject subject, long archivedId, long timeMillis) {
    List<StoredMessage> first = reader.read(subject, archivedId + 1, 1);
    return !first.isEmpty() && MessageFrame.publishedAtMillis(first.get(0).frame()) < timeMillis;
  }

  @Override
  public CompletableFuture<@Nullable SubjectState> describe(Subject subject) {
    return readBarrier().thenCompose(done -> onDisk(() -> reader.subject(subject)));
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    try {
      return log.problem() == null ? reader.settings(subject) : SubjectSettings.DEFAULT;
    } catch (StoreException e) {
      return SubjectSettings.DEFAULT; // not started yet
    }
  }

  @Override
  public CompletableFuture<List<KnownSubject>> subjects(
      String prefix, String afterName, int limit) {
    return onDisk(() -> reader.subjects(prefix, afterName, limit));
  }

  /** As a publish, it sees an election through. */
  @Override
  public CompletableFuture<Void> readBarrier() {
    return barrierBy(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis));
  }

  private CompletableFuture<Void> barrierBy(long deadlineNanos) {
    return barriers
        .await()
        .exceptionallyCompose(
            failure ->
                log.problem() != null || System.nanoTime() - deadlineNanos > 0
                    ? CompletableFuture.failedFuture(noAnswer())
                    : afterPause().thenCompose(paused -> barrierBy(deadlineNanos)));
  }

  private CompletableFuture<Void> afterPause() {
    CompletableFuture<Void> over = new CompletableFuture<>();
    try {
      var unused =
          timer.schedule(() -> over.complete(null), BARRIER_RETRY_MILLIS, TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      over.completeExceptionally(
          new BrokerException(
              Reason.SHUTTING_DOWN, "this node is shutting down; retry at another node"));
    }
    return over;
  }

  private BrokerException noAnswer() {
    String problem = log.problem();
    return problem == null
        ? new BrokerException(
            Reason.NO_QUORUM,
            "no majority of shard " + number + " confirmed what is newest; retry later")
        : new BrokerException(Reason.SHARD_STOPPED, problem + "; retry at another node");
  }

  @Override
  public ShardReader reader() {
    return reader;
  }

  @Override
  public ReplicaStatus status() {
    return replica.status();
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    return replica.transferLeadership(toMemberId);
  }

  /** Takes no more publishes; completes when those under way are answered. */
  public CompletableFuture<Void> close() {
    return groupCommit.close();
  }
}
