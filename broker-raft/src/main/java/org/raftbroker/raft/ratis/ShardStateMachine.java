package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.apache.ratis.proto.RaftProtos.LogEntryProto;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.raftlog.RaftLog;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotInfo;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.TransactionContext;
import org.apache.ratis.statemachine.impl.BaseStateMachine;
import org.apache.ratis.util.LifeCycle;
import org.raftbroker.raft.ApplyListener;
import org.raftbroker.raft.apply.Applied;
import org.raftbroker.raft.apply.Applier;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.ShardStores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts committed entries into a replica's store, one by one: decode, decide ({@link Applier}),
 * write, tell. Anything that goes wrong takes the replica out of service, because what it would
 * serve afterwards could be wrong.
 *
 * <p>Entries are applied on one thread, Ratis' updater for the group, which also takes and loads
 * snapshots.
 */
final class ShardStateMachine extends BaseStateMachine {
  private static final Logger log = LoggerFactory.getLogger(ShardStateMachine.class);

  private final int shard;
  private final StoreHome home;
  private final ShardStores stores;
  private final ReplicaReader reader;
  private final BiConsumer<String, Throwable> outOfService;
  private volatile boolean failed;
  private final ApplyListener listener;
  private final SnapshotDirectory snapshots = new SnapshotDirectory();

  // Written on the apply thread, read by the thread that decides when to take a snapshot.
  private final AtomicLong bytesSinceSnapshot = new AtomicLong();
  private final AtomicLong entriesSinceSnapshot = new AtomicLong();

  ShardStateMachine(
      int shard,
      StoreHome home,
      ShardStores stores,
      ReplicaReader reader,
      BiConsumer<String, Throwable> outOfService,
      ApplyListener listener) {
    this.shard = shard;
    this.home = home;
    this.stores = stores;
    this.reader = reader;
    this.outOfService = outOfService;
    this.listener = listener;
  }

  @Override
  public void initialize(RaftServer server, RaftGroupId groupId, RaftStorage storage)
      throws IOException {
    super.initialize(server, groupId, storage);
    getLifeCycle()
        .startAndTransition(
            () -> {
              snapshots.init(storage);
              load();
            },
            IOException.class);
  }

  /** Opens the store; from the latest snapshot if that is newer, or if there is no store. */
  private void load() throws IOException {
    home.dropOld();
    SnapshotInfo snapshot = snapshots.getLatestSnapshot();
    Path snapshotPath = snapshots.latestPath();
    if (snapshot == null || snapshotPath == null) {
      reader.use(stores.open(home.current()));
      return;
    }
    ShardStore store =
        stores.exists(home.current()) ? stores.open(home.current()) : restored(snapshotPath);
    if (store.appliedIndex() < snapshot.getIndex()) {
      store.close();
      store = restored(snapshotPath);
      home.dropOld();
    }
    // Ratis applies again what follows the snapshot; applyTransaction passes over what the store
    // has.
    setLastAppliedTermIndex(snapshot.getTermIndex());
    reader.use(store);
    listener.onSkippedAhead(
        shard); // if this is not the first start, subscriptions may wait for what it brought
  }

  private ShardStore restored(Path snapshot) throws IOException {
    Path next = home.next();
    stores.restore(snapshot, next);
    ShardStore store = stores.open(next);
    log.atInfo()
        .addKeyValue("shard", shard)
        .addKeyValue("snapshot", snapshot.getFileName())
        .log("store restored from snapshot");
    return store;
  }

  @Override
  public StateMachineStorage getStateMachineStorage() {
    return snapshots;
  }

  @Override
  public CompletableFuture<Message> query(Message request) {
    return CompletableFuture.completedFuture(Message.EMPTY);
  }

  @Override
  public CompletableFuture<Message> applyTransaction(TransactionContext transaction) {
    LogEntryProto logEntry = transaction.getLogEntry();
    try {
      return CompletableFuture.completedFuture(apply(logEntry, transaction));
    } catch (RuntimeException | Error e) {
      fail("log entry " + logEntry.getIndex() + " cannot be applied", e);
      throw e;
    }
  }

  private Message apply(LogEntryProto logEntry, TransactionContext transaction) {
    ShardStore store = reader.store();
    if (store == null) {
      throw new IllegalStateException("the store is closed");
    }
    long index = logEntry.getIndex();
    entriesSinceSnapshot.incrementAndGet();
    bytesSinceSnapshot.addAndGet(logEntry.getStateMachineLogEntry().getLogData().size());
    if (index <= store.appliedIndex()) {
      updateLastAppliedTermIndex(logEntry.getTerm(), index);
      return Message.EMPTY; // replayed after a restart
    }
    Applied applied = Applier.apply(store.view(), entry(logEntry, transaction));
    store.write(applied.changes());
    updateLastAppliedTermIndex(logEntry.getTerm(), index);
    listener.onApplied(shard, applied.changes().messages());
    return new Outcomes(applied.outcomes());
  }

  private static Entry entry(LogEntryProto logEntry, TransactionContext transaction) {
    RaftClientRequest request = transaction.getClientRequest();
    if (request != null && request.getMessage() instanceof Proposal proposal) {
      return new Entry(
          logEntry.getTerm(),
          logEntry.getIndex(),
          proposal.leaderTimeMillis(),
          proposal.submissions());
    }
    return CommandCodec.decodeEntry(
        logEntry.getTerm(),
        logEntry.getIndex(),
        logEntry.getStateMachineLogEntry().getLogData().asReadOnlyByteBuffer());
  }

  private void fail(String what, Throwable cause) {
    failed = true;
    outOfService.accept(what, cause);
  }

  @Override
  public void notifyLogFailed(Throwable cause, LogEntryProto failedEntry) {
    fail("the Raft log cannot be written", cause);
  }

  long bytesSinceSnapshot() {
    return bytesSinceSnapshot.get();
  }

  long entriesSinceSnapshot() {
    return entriesSinceSnapshot.get();
  }

  long snapshotIndex() {
    SnapshotInfo snapshot = snapshots.getLatestSnapshot();
    return snapshot == null ? RaftLog.INVALID_LOG_INDEX : snapshot.getIndex();
  }

  @Override
  public long takeSnapshot() throws IOException {
    ShardStore store = reader.store();
    if (store == null || failed) {
      return RaftLog.INVALID_LOG_INDEX;
    }
    entriesSinceSnapshot.set(0);
    bytesSinceSnapshot.set(0);
    long index = store.appliedIndex();
    if (index <= snapshotIndex()) {
      return snapshotIndex();
    }
    long start = System.nanoTime();
    Path unfinished = snapshots.unfinished();
    store.checkpoint(unfinished);
    snapshots.publish(unfinished, TermIndex.valueOf(store.appliedTerm(), index));
    log.atInfo()
        .addKeyValue("shard", shard)
        .addKeyValue("index", index)
        .addKeyValue("millis", (System.nanoTime() - start) / 1_000_000)
        .log("snapshot taken");
    return index;
  }

  @Override
  public void pause() {
    getLifeCycle().transition(LifeCycle.State.PAUSING);
    getLifeCycle().transition(LifeCycle.State.PAUSED);
  }

  /** A snapshot of the leader's has taken the place of ours: load it, older or not. */
  @Override
  public void reinitialize() throws IOException {
    try {
      ShardStore before = reader.store();
      snapshots.reload();
      SnapshotInfo installed = snapshots.getLatestSnapshot();
      Path snapshot = snapshots.latestPath();
      if (installed == null || snapshot == null) {
        throw new IOException("the installed snapshot is not there");
      }
      reader.use(restored(snapshot));
      if (before != null) {
        before.close();
        home.dropOld();
      }
      setLastAppliedTermIndex(installed.getTermIndex());
      getLifeCycle().startAndTransition(() -> {}, IOException.class);
    } catch (IOException | RuntimeException e) {
      fail("the installed snapshot cannot be loaded", e);
      throw e;
    }
    listener.onSkippedAhead(shard);
  }

  @Override
  public void close() {
    ShardStore store = reader.store();
    reader.use(null);
    if (store != null) {
      store.close();
    }
  }
}
