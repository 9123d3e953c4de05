package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
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
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.StoreException;

/**
 * A shard, whether this node has a replica of it or not: publishes through group commit, and reads
 * from this node's replica while that serves, otherwise through other nodes. Which of the two is
 * decided for each read, so a replica may come and go.
 */
public final class ReplicatedShard implements Shard {
  /** Before another replica has said how it is: the leader refuses what must be refused. */
  private static final ArchiveState UNKNOWN = ArchiveState.opened(Incarnation.NONE);

  /** Settings of subjects in use here while this node has no replica that serves. */
  private static final int MAX_SETTINGS = 10_000;

  private final int number;
  private final String selfId;
  private final ReplicatedLog ownLog;
  private final LeaderSearch log;
  private final ShardReader reader;
  private final Replica replica;
  private final GroupCommit groupCommit;
  private final EntryQueue entries;
  private final LocalReplica local;
  private final OtherReplicas others;
  private final RecentAnswers<Subject, SubjectSettings> settings;
  private final RecentAnswers<Integer, ArchiveState> archiveState;
  private final @Nullable SharedArchive archive;

  /** The parts of a replica that only its Raft implementation knows. */
  public interface Replica {
    /**
     * Whether it is there, in service, and may be read; turns at any time. Never blocks: every
     * publish and every read asks.
     */
    boolean serves();

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
      @Nullable SharedArchive archive,
      ReplicaDirectory directory,
      RemoteReplicas remote) {}

  public ReplicatedShard(
      int number, ReplicatedLog log, ShardReader reader, Replica replica, Shared shared) {
    this.number = number;
    this.selfId = shared.selfId;
    this.ownLog = log;
    this.reader = reader;
    this.replica = replica;
    this.archive = shared.archive;
    this.log =
        new LeaderSearch(
            number,
            shared.selfId,
            log,
            replica::serves,
            shared.directory,
            shared.peers,
            System::nanoTime);
    this.entries =
        new EntryQueue(number, this.log, shared.observer, shared.groupCommit.maxBatchBytes());
    this.groupCommit =
        new GroupCommit(
            number,
            shared.selfId,
            shared.groupCommit,
            this.log,
            entries,
            this.log,
            shared.observer,
            shared.timer,
            System::nanoTime,
            shared.leaderlessPatienceMillis);
    this.local = new LocalReplica(number, log, reader, shared);
    this.others =
        new OtherReplicas(
            number,
            shared.selfId,
            shared.directory,
            shared.remote,
            shared.timer,
            shared.leaderlessPatienceMillis);
    this.settings =
        new RecentAnswers<>(
            MAX_SETTINGS,
            SubjectSettings.DEFAULT,
            subject -> others.ask(reads -> reads.readSettings(subject)));
    this.archiveState =
        new RecentAnswers<>(1, UNKNOWN, shard -> others.ask(ReplicaReads::readArchiveState));
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
    return archive == null || notOpen != null ? notOpen : archive.full(number, appliedState());
  }

  /**
   * Why nothing may be changed yet; null if it may. What this replica has applied decides: it opens
   * by an entry of the log, so what is submitted after that comes after it in the log, too. Without
   * a replica that serves, what another one said lately decides, and after that the leader.
   */
  private @Nullable BrokerException notOpen() {
    return archive == null || log.problem() != null
        ? null
        : archive.notOpen(number, appliedState());
  }

  private ArchiveState appliedState() {
    return replica.serves() || !others.exist() ? state() : archiveState.get(number);
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
    if (!log.leads()) {
      return CompletableFuture.failedFuture(notLeading());
    }
    if (archive != null && !state().open() && !areOfTheClusterMap(submissions)) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("shard " + number + " does not give out ids yet"));
    }
    List<CompletableFuture<Outcome>> outcomes = submissions.stream().map(entries::add).toList();
    return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
        .thenApply(done -> outcomes.stream().map(CompletableFuture::join).toList())
        .exceptionallyCompose(
            failure -> CompletableFuture.failedFuture(log.leads() ? failure : notLeading()));
  }

  private RuntimeException notLeading() {
    // Without a replica here: whom it was last told of. Whoever asks may have been told of nobody.
    String leader = log.leaderHint();
    return leader == null || leader.equals(selfId)
        ? new IllegalStateException("shard " + number + " is not led by this node")
        : new NotLeaderException(number, leader);
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
  public @Nullable StoredMessage messageAtHand(Subject subject, long id) {
    if (!replica.serves()) {
      return null;
    }
    try {
      StoredMessage message = reader.messageInMemory(subject, id);
      return message == ShardReader.NOT_IN_MEMORY ? null : message;
    } catch (StoreException e) {
      return null; // it has ceased to serve just now, and fetch says why
    }
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    return anywhere(reads -> reads.fetch(subject, id));
  }

  @Override
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    boolean elsewhere = others.exist();
    if (elsewhere && !replica.serves()) {
      return others.ask(reads -> reads.read(subject, fromId, maxBytes, knownHead));
    }
    CompletableFuture<MessageRun> here;
    try {
      here = local.readNow(subject, fromId, maxBytes);
    } catch (StoreException e) {
      if (!elsewhere) {
        throw e;
      }
      return others.ask(reads -> reads.read(subject, fromId, maxBytes, knownHead));
    }
    // Somebody who had more has told: a replica that is being rebuilt must not be waited for.
    return elsewhere
            && here.isDone()
            && !here.isCompletedExceptionally()
            && here.join().isShortOf(knownHead)
        ? others.ask(reads -> reads.read(subject, fromId, maxBytes, knownHead))
        : here;
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
    return anywhere(reads -> reads.bounds(subject, upToDate));
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    return anywhere(reads -> reads.firstIdAtOrAfter(subject, timeMillis));
  }

  @Override
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    return anywhere(reads -> reads.describe(subject));
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    return anywhere(reads -> reads.subjects(prefix, afterName, limit));
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    return anywhere(reads -> reads.readSettings(subject));
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    return anywhere(ReplicaReads::readArchiveState);
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return anywhere(ReplicaReads::readBarrier);
  }

  /** Asks this node's replica if that serves, else those of other nodes if there are any. */
  private <T extends @Nullable Object> CompletableFuture<T> anywhere(
      Function<ReplicaReads, CompletableFuture<T>> question) {
    if (!others.exist()) {
      return question.apply(local);
    }
    return replica.serves()
        ? question
            .apply(local)
            .exceptionallyCompose(
                failure ->
                    hasStopped(failure)
                        ? others.ask(question)
                        : CompletableFuture.failedFuture(failure))
        : others.ask(question);
  }

  private static boolean hasStopped(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return cause instanceof BrokerException refusal && refusal.reason() == Reason.SHARD_STOPPED;
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    if (!replica.serves()) {
      return others.exist() ? settings.get(subject) : SubjectSettings.DEFAULT;
    }
    try {
      return reader.settings(subject);
    } catch (StoreException e) {
      return SubjectSettings.DEFAULT; // it has ceased to serve just now
    }
  }

  @Override
  public boolean servesHere() {
    return replica.serves();
  }

  @Override
  public boolean servesElsewhere() {
    return others.exist();
  }

  @Override
  public boolean isInTouch() {
    return replica.serves() && ownLog.leaderId() != null;
  }

  @Override
  public long headHere(Subject subject) {
    return replica.serves() ? reader.head(subject) : 0;
  }

  /** This node's replica alone, for other nodes. */
  public ReplicaReads local() {
    return local;
  }

  /** What this node's replica has applied; for those who work on it, not for clients. */
  public ShardReader reader() {
    return reader;
  }

  @Override
  public ReplicaStatus status() {
    ReplicaStatus status = replica.status();
    return status.isAbsent() ? ReplicaStatus.absent(number, log.knownLeader()) : status;
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    if (!replica.status().isAbsent()) {
      return replica.transferLeadership(toMemberId);
    }
    String leader = log.knownLeader();
    return CompletableFuture.failedFuture(
        new BrokerException(
            Reason.TRANSFER_FAILED,
            "this node has no replica of shard "
                + number
                + "; ask "
                + (leader == null ? "a member that has one" : leader)));
  }

  /** Takes no more publishes; completes when those under way are answered. */
  public CompletableFuture<Void> close() {
    return groupCommit.close();
  }
}
