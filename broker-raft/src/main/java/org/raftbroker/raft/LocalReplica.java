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
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.SubjectState;

/**
 * Reads this node's replica of a shard and nothing else: the local store, what that has handed on
 * to the archive, and the leader's word on what is newest where the question needs it.
 */
final class LocalReplica implements ReplicaReads {
  /** About the time from a leader's end to the next one's beginning is a few of these. */
  private static final long BARRIER_RETRY_MILLIS = 50;

  private final int number;
  private final ReplicatedLog log;
  private final ShardReader reader;
  private final ReadBarriers barriers;
  private final Executor diskReads;
  private final LongSupplier clockMillis;
  private final @Nullable SharedArchive archive;
  private final ScheduledExecutorService timer;
  private final long patienceMillis;

  LocalReplica(int number, ReplicatedLog log, ShardReader reader, ReplicatedShard.Shared shared) {
    this.number = number;
    this.log = log;
    this.reader = reader;
    this.diskReads = shared.diskReads();
    this.clockMillis = shared.clockMillis();
    this.archive = shared.archive();
    this.timer = shared.timer();
    this.patienceMillis = shared.leaderlessPatienceMillis();
    // A barrier that no majority answers would hold back all later ones.
    this.barriers =
        new ReadBarriers(() -> log.readBarrier().orTimeout(patienceMillis, TimeUnit.MILLISECONDS));
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

  /** For a read that may go on in the archive. */
  private <T> CompletableFuture<T> fromDisk(Supplier<CompletableFuture<T>> read) {
    return CompletableFuture.completedFuture(this)
        .thenComposeAsync(
            here -> {
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
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    return fromDisk(() -> readNow(subject, fromId, maxBytes))
        .thenCompose(
            run ->
                run.isShortOf(knownHead)
                    ? caughtUp(subject, fromId, maxBytes, knownHead)
                    : CompletableFuture.completedFuture(run));
  }

  private CompletableFuture<MessageRun> caughtUp(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    return readBarrier()
        .thenCompose(done -> fromDisk(() -> readNow(subject, fromId, maxBytes)))
        .thenApply(
            run -> {
              if (run.isShortOf(knownHead)) {
                throw new BrokerException(
                    Reason.SHARD_STOPPED,
                    "this replica of shard "
                        + number
                        + " has less than it had and is rebuilding; retry at another node");
              }
              return run;
            });
  }

  /**
   * Reads on the calling thread; may touch the disk before it returns.
   *
   * @throws StoreException if the store cannot be read
   */
  CompletableFuture<MessageRun> readNow(Subject subject, long fromId, int maxBytes) {
    long keptFrom = Math.max(fromId, reader.firstId(subject));
    if (keptFrom > reader.archivedId(subject)) {
      MessageRun run = readStore(subject, keptFrom, maxBytes);
      // Once more: what the archiver moved while the store was read is missing from the run.
      if (keptFrom > reader.archivedId(subject)) {
        return CompletableFuture.completedFuture(run);
      }
    }
    return SharedArchive.refusing(
            archive(subject).read(subject, keptFrom, reader.archivedId(subject), maxBytes))
        .thenApply(run -> new MessageRun(run.messages(), run.completeTo()));
  }

  private MessageRun readStore(Subject subject, long fromId, int maxBytes) {
    // Before the messages: what is applied in between is then after completeTo, not lost below it.
    long head = reader.head(subject);
    List<StoredMessage> messages = reader.read(subject, fromId, maxBytes);
    long bytes = 0;
    for (StoredMessage message : messages) {
      bytes += message.frame().length;
    }
    return new MessageRun(
        messages, bytes < maxBytes ? head : messages.get(messages.size() - 1).id());
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
    CompletableFuture<Void> ready =
        upToDate ? readBarrier() : CompletableFuture.completedFuture(null);
    return ready.thenCompose(
        done -> onDisk(() -> new SubjectBounds(reader.firstId(subject), reader.head(subject))));
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    return readBarrier().thenCompose(done -> fromDisk(() -> firstIdNow(subject, timeMillis)));
  }

  private CompletableFuture<Long> firstIdNow(Subject subject, long timeMillis) {
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
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    return readBarrier().thenCompose(done -> onDisk(() -> described(subject)));
  }

  private @Nullable DescribedSubject described(Subject subject) {
    SubjectState state = reader.subject(subject);
    return state == null ? null : new DescribedSubject(subject, state, reader.settings(subject));
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    return onDisk(
        () ->
            reader.subjects(prefix, afterName, limit).stream()
                .map(
                    known ->
                        new DescribedSubject(
                            known.subject(), known.state(), reader.settings(known.subject())))
                .toList());
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    return now(() -> reader.settings(subject));
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    return now(reader::archive);
  }

  /** For what never touches the disk. */
  private static <T> CompletableFuture<T> now(Supplier<T> read) {
    try {
      return CompletableFuture.completedFuture(read.get());
    } catch (StoreException e) {
      return CompletableFuture.failedFuture(stopped(e));
    }
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
}
