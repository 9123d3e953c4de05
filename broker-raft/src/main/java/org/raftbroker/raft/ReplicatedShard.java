package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.StoreException;

/**
 * A shard of which this node has a replica: publishes through group commit, reads from the local
 * store, and asks the leader only if that cannot tell.
 */
public final class ReplicatedShard implements Shard {
  private final int number;
  private final ReplicatedLog log;
  private final ShardReader reader;
  private final Replica replica;
  private final GroupCommit groupCommit;
  private final EntryQueue entries;
  private final ReadBarriers barriers;
  private final Executor diskReads;
  private final LongSupplier clockMillis;

  /** The parts of a replica that only its Raft implementation knows. */
  public interface Replica {
    ReplicaStatus status();

    CompletableFuture<String> transferLeadership(@Nullable String toMemberId);
  }

  /** What the shards of a node share. */
  public record Shared(
      String selfId,
      GroupCommitConfig groupCommit,
      PeerLink peers,
      CommitObserver observer,
      ScheduledExecutorService timer,
      Executor diskReads,
      LongSupplier clockMillis,
      long leaderlessPatienceMillis) {}

  public ReplicatedShard(
      int number, ReplicatedLog log, ShardReader reader, Replica replica, Shared shared) {
    this.number = number;
    this.log = log;
    this.reader = reader;
    this.replica = replica;
    this.diskReads = shared.diskReads;
    this.clockMillis = shared.clockMillis;
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
    long timeoutMillis = shared.leaderlessPatienceMillis;
    this.barriers =
        new ReadBarriers(() -> log.readBarrier().orTimeout(timeoutMillis, TimeUnit.MILLISECONDS));
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public CompletableFuture<Outcome> publish(List<NewMessage> messages) {
    return groupCommit.publish(messages);
  }

  @Override
  public CompletableFuture<Long> reserve(Subject subject, int count) {
    return groupCommit.reserve(subject, count).thenApply(outcome -> outcome.id(0));
  }

  /** The receiving end of {@link PeerLink#forward}; fails if this node does not lead. */
  public CompletableFuture<List<Outcome>> submit(List<Submission> submissions) {
    List<CompletableFuture<Outcome>> outcomes = submissions.stream().map(entries::add).toList();
    return CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new))
        .thenApply(done -> outcomes.stream().map(CompletableFuture::join).toList());
  }

  /** Proposes to remove what is past its time; for the leader. */
  public CompletableFuture<Outcome> expire(int maxRows) {
    return entries.add(new Submission(Submission.NO_ORIGIN, 0, new Expire(maxRows)));
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
        : CompletableFuture.completedFuture(inMemory);
  }

  private StoredMessage messageOrWhyNot(Subject subject, long id) {
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
    throw reader.isReserved(subject, id)
        ? new BrokerException(
            Reason.ID_RESERVED,
            "id " + id + " of \"" + subject + "\" was reserved; it has no message")
        : expired(which);
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
  public CompletableFuture<Void> readBarrier() {
    return barriers
        .await()
        .exceptionally(
            failure -> {
              throw new CompletionException(noAnswer());
            });
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
