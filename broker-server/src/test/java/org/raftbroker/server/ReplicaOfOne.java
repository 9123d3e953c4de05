package org.raftbroker.server;

import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.ApplyListener;
import org.raftbroker.raft.DescribedSubject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.SubjectBounds;
import org.raftbroker.raft.apply.Applied;
import org.raftbroker.raft.apply.Applier;
import org.raftbroker.raft.command.Command;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Command.Expire;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.rocksdb.RocksShardStore;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.raftbroker.storage.rocksdb.StoreConfig;

/**
 * A shard whose only replica is here: the real store and the real rules of applying, with one
 * thread in the place of the Raft log. For tests of what stands in front of a shard.
 */
@NullMarked
public final class ReplicaOfOne implements Shard, AutoCloseable {
  private static final long TERM = 1;

  private final int number;
  private final InstantSource clock;
  private final RocksStores stores;
  private final ExecutorService applyThread =
      Executors.newSingleThreadExecutor(task -> new Thread(task, "apply"));

  // Replaced on the apply thread; read by any.
  private volatile RocksShardStore store;

  private volatile boolean inTouch = true;

  // Only touched on the apply thread.
  private long logIndex;
  private @Nullable ApplyListener listener;

  public ReplicaOfOne(Path directory) {
    this(0, directory, InstantSource.system());
  }

  /**
   * @param clock in the place of the leader's
   */
  public ReplicaOfOne(int number, Path directory, InstantSource clock) {
    this.number = number;
    this.clock = clock;
    this.stores = new RocksStores(StoreConfig.DEFAULT, 1);
    this.store = stores.open(directory);
    this.logIndex = store.appliedIndex();
  }

  /** Tells {@code listener} of all that is applied after this call. */
  public void listen(ApplyListener listener) {
    onApplyThread(() -> this.listener = listener).join();
  }

  @Override
  public int number() {
    return number;
  }

  @Override
  public CompletableFuture<Outcome> publish(List<NewMessage> messages) {
    return onApplyThread(() -> applyAndTell(new AppendBatch(messages)));
  }

  @Override
  public CompletableFuture<Long> submit(SingleCommand command) {
    return onApplyThread(() -> applyAndTell(command).id(0));
  }

  @Override
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    return onApplyThread(
        () -> {
          SubjectState state = reader().subject(subject);
          return state == null
              ? null
              : new DescribedSubject(subject, state, reader().settings(subject));
        });
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    return CompletableFuture.completedFuture(settings(subject));
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    return CompletableFuture.completedFuture(reader().archive());
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    return reader().settings(subject);
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    return onApplyThread(
        () ->
            reader().subjects(prefix, afterName, limit).stream()
                .map(
                    known ->
                        new DescribedSubject(
                            known.subject(), known.state(), reader().settings(known.subject())))
                .toList());
  }

  /** Removes what is past its time, as the leader does every now and then. */
  public CompletableFuture<Outcome> expire(int maxRows) {
    return onApplyThread(() -> applyAndTell(new Expire(maxRows)));
  }

  /** As if a snapshot with these messages had been installed: nobody is told of any of them. */
  public CompletableFuture<Void> skipAhead(List<NewMessage> messages) {
    return onApplyThread(
        () -> {
          apply(new AppendBatch(messages));
          if (listener != null) {
            listener.onSkippedAhead(number);
          }
          return null;
        });
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    return onApplyThread(
        () -> {
          StoredMessage message = reader().message(subject, id);
          if (message != null && !message.isExpiredAt(clock.millis())) {
            return message;
          }
          if (id > reader().head(subject)) {
            throw new BrokerException(Reason.ID_NOT_PUBLISHED, id + " is past the head");
          }
          if (id < reader().firstId(subject)) {
            throw new BrokerException(Reason.MESSAGE_REMOVED, id + " was removed");
          }
          throw reader().isReserved(subject, id)
              ? new BrokerException(Reason.ID_RESERVED, id + " was reserved")
              : new BrokerException(Reason.MESSAGE_EXPIRED, id + " expired");
        });
  }

  @Override
  public @Nullable StoredMessage messageAtHand(Subject subject, long id) {
    try {
      StoredMessage message = reader().messageInMemory(subject, id);
      return message == ShardReader.NOT_IN_MEMORY ? null : message;
    } catch (StoreException e) {
      return null;
    }
  }

  @Override
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    long keptFrom = Math.max(fromId, reader().firstId(subject));
    long head = reader().head(subject);
    List<StoredMessage> messages = reader().read(subject, keptFrom, maxBytes);
    long bytes = messages.stream().mapToLong(message -> message.frame().length).sum();
    long completeTo = bytes < maxBytes ? head : messages.get(messages.size() - 1).id();
    return CompletableFuture.completedFuture(new MessageRun(messages, completeTo));
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
    return onApplyThread(
        () -> new SubjectBounds(reader().firstId(subject), reader().head(subject)));
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    return onApplyThread(() -> reader().firstIdAtOrAfter(subject, timeMillis));
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return onApplyThread(() -> null);
  }

  @Override
  public boolean servesHere() {
    return true;
  }

  @Override
  public boolean servesElsewhere() {
    return false;
  }

  @Override
  public boolean isInTouch() {
    return inTouch;
  }

  /** As if its leader could not be reached any more. */
  public void loseTouch() {
    inTouch = false;
  }

  @Override
  public long headHere(Subject subject) {
    return reader().head(subject);
  }

  public ShardReader reader() {
    return store.reader();
  }

  @Override
  public ReplicaStatus status() {
    long index = store.appliedIndex();
    return new ReplicaStatus(
        number,
        ReplicaStatus.Role.LEADER,
        "n1",
        TERM,
        index,
        index,
        -1,
        store.diskBytes(),
        store.subjects(),
        null,
        store.reader().archive());
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    return CompletableFuture.failedFuture(
        new BrokerException(Reason.TRANSFER_FAILED, "there is only one replica"));
  }

  /** As if the store had been damaged: it begins again with an empty one, and so do ids. */
  public void startEmpty(Path directory) {
    onApplyThread(
            () -> {
              store.close();
              store = stores.open(directory);
              logIndex = store.appliedIndex();
              return null;
            })
        .join();
  }

  /** Closes the store under everybody's feet: each read fails from now on. */
  public void closeStore() {
    onApplyThread(
            () -> {
              store.close();
              return null;
            })
        .join();
  }

  @Override
  public void close() {
    applyThread.shutdown();
    try {
      if (!applyThread.awaitTermination(10, TimeUnit.SECONDS)) {
        throw new IllegalStateException("the apply thread is stuck");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    store.close();
    stores.close();
  }

  private Outcome applyAndTell(Command command) {
    Applied applied = apply(command);
    List<StoredMessage> messages = applied.changes().messages();
    if (listener != null && !messages.isEmpty()) {
      listener.onApplied(number, messages);
    }
    return applied.outcomes().get(0);
  }

  private Applied apply(Command command) {
    Submission submission = new Submission(Submission.NO_ORIGIN, 0, command);
    Entry entry = new Entry(TERM, ++logIndex, clock.millis(), List.of(submission));
    Applied applied = Applier.apply(store.view(), entry);
    store.write(applied.changes());
    return applied;
  }

  private <T extends @Nullable Object> CompletableFuture<T> onApplyThread(Supplier<T> action) {
    try {
      return CompletableFuture.supplyAsync(action, applyThread);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          new BrokerException(Reason.SHUTTING_DOWN, "this replica is closed"));
    }
  }
}
