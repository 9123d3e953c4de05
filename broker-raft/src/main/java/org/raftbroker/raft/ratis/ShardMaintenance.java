package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.apache.ratis.protocol.RaftPeerId;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.storage.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What shards need now and then, on one thread, once a second: the leader proposes to remove what
 * has expired or cannot be read any more, every replica takes its snapshots, replicas arrive and
 * leave ({@link ReplicaMoves}), and leaders are spread: each shard has a preferred leader, which
 * asks for leadership when it has followed for a while.
 *
 * <p>The preferred one asks, rather than the leader giving, because only it knows that it is well
 * and not about to stop.
 */
final class ShardMaintenance implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ShardMaintenance.class);

  private static final long PERIOD_MILLIS = 1_000;

  /** Rows that one entry removes: the apply thread is busy for some milliseconds, no longer. */
  private static final int EXPIRE_ROWS = 2_000;

  private static final int EXPIRE_ENTRIES_PER_PERIOD = 20;

  /**
   * Periods of following before the preferred leader asks: it has caught up, and an election is
   * over.
   */
  private static final int PATIENCE = 3;

  /** A replica that is out of service is tried again every so many periods. */
  private static final int RECOVERY_PERIODS = 5;

  private static final int PATIENCE_AFTER_REFUSAL = 15;

  /** Of replicas that arrive here or leave: what is asked of the others costs them something. */
  private static final int STEP_PERIODS = 2;

  private static final int MAX_STEPS_AT_A_TIME = 4;

  private final RaftPeerId self;
  private final RaftConfig config;
  private final List<RatisReplica> replicas;
  private final List<ReplicatedShard> shards;
  private final LongSupplier clockMillis;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(RatisNode.daemon("shard-maintenance"));
  private final int[] patience;
  private final long[] committedBefore;
  private final int[] periodsOutOfService;
  private final int[] periods;
  private final ReplicaMoves moves;
  private final List<Voters> voters;
  private final Supplier<@Nullable ClusterMap> wanted;
  private final ExecutorService steps;
  private final List<AgeLimit> ageLimits;
  private volatile boolean asksForLeadership = true;

  ShardMaintenance(
      String selfId,
      RaftConfig config,
      List<RatisReplica> replicas,
      List<ReplicatedShard> shards,
      List<Voters> voters,
      RaftPeers peers,
      Supplier<@Nullable ClusterMap> wanted,
      LongSupplier clockMillis) {
    this.self = RaftPeerId.valueOf(selfId);
    this.config = config;
    this.replicas = replicas;
    this.shards = shards;
    this.clockMillis = clockMillis;
    this.periodsOutOfService = new int[shards.size()];
    this.periods = new int[shards.size()];
    this.voters = voters;
    this.wanted = wanted;
    this.steps =
        Executors.newFixedThreadPool(
            Math.min(shards.size(), MAX_STEPS_AT_A_TIME), RatisNode.daemon("replica-moves"));
    this.moves = new ReplicaMoves(self, replicas, voters, peers, wanted, steps);
    this.ageLimits = shards.stream().map(shard -> new AgeLimit(shard, clockMillis)).toList();
    this.committedBefore = new long[shards.size()];
    this.patience = new int[shards.size()];
    Arrays.fill(patience, PATIENCE);
  }

  void start() {
    var unused =
        thread.scheduleWithFixedDelay(
            this::lookAfterAll, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  void stopAskingForLeadership() {
    asksForLeadership = false;
  }

  private void lookAfterAll() {
    for (int shard = 0; shard < shards.size(); shard++) {
      try {
        lookAfter(shard);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      } catch (RuntimeException | IOException | ExecutionException | TimeoutException e) {
        log.atDebug().setCause(e).addKeyValue("shard", shard).log("maintenance tries again later");
      }
    }
  }

  private void lookAfter(int shard)
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    RatisReplica replica = replicas.get(shard);
    replica.log().leaderlessMillis(); // keeps its account of time
    if (++periods[shard] % STEP_PERIODS == 0) {
      moves.look(shard);
    }
    if (replica.log().problem() != null || replica.isQuarantined()) {
      if (!replica.isQuarantined() && ++periodsOutOfService[shard] % RECOVERY_PERIODS == 0) {
        replica.restart();
      }
      return;
    }
    replica.snapshotIfDue(config.snapshotEveryBytes(), config.snapshotEveryEntries());
    if (replica.log().leads()) {
      expire(shard);
      ageLimits.get(shard).enforce();
    }
    askForLeadership(shard, replica);
  }

  private void expire(int shard) throws InterruptedException, ExecutionException, TimeoutException {
    for (int i = 0; i < EXPIRE_ENTRIES_PER_PERIOD && hasRemovable(shard); i++) {
      shards.get(shard).expire(EXPIRE_ROWS).get(5, TimeUnit.SECONDS);
    }
  }

  private boolean hasRemovable(int shard) {
    try {
      return shards.get(shard).reader().hasRemovable(clockMillis.getAsLong());
    } catch (StoreException e) {
      return false; // not serving: there is nothing to remove from
    }
  }

  private void askForLeadership(int shard, RatisReplica replica) throws IOException {
    String leader = replica.log().leaderId();
    boolean keepsUp = replica.appliedIndex() >= committedBefore[shard];
    committedBefore[shard] = replica.committedIndex();
    boolean preferred = preferredLeader(shard, replica).equals(self.toString());
    if (!preferred || !asksForLeadership || leader == null || leader.equals(self.toString())) {
      patience[shard] = PATIENCE;
      return;
    }
    // A leader serves once it has applied all that was committed before it: the log of one that has
    // just arrived may be complete long before its store is.
    if (--patience[shard] > 0 || !keepsUp) {
      return;
    }
    patience[shard] = PATIENCE_AFTER_REFUSAL;
    boolean done =
        voters.get(shard).transferLeadership(RaftPeerId.valueOf(leader), self, PERIOD_MILLIS);
    log.atInfo()
        .addKeyValue("shard", shard)
        .addKeyValue("from", leader)
        .addKeyValue("done", done)
        .log("asked for leadership");
  }

  /** As the cluster map wants it; before there is one, each of the voters for some shards. */
  private String preferredLeader(int shard, RatisReplica replica) {
    ClusterMap map = wanted.get();
    if (map != null && !map.placement(shard).isEmpty()) {
      return map.placement(shard).get(0);
    }
    List<String> members = replica.voters();
    return members.isEmpty() ? "" : members.get(shard % members.size());
  }

  @Override
  public void close() {
    thread.shutdownNow();
    steps.shutdownNow();
  }
}
