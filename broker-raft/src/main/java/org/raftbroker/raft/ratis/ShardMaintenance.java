package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.ratis.client.RaftClient;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.retry.RetryPolicies;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.storage.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What shards need now and then, on one thread, once a second: the leader proposes to remove what
 * has expired or cannot be read any more, every replica takes its snapshots, and leaders are
 * spread: each shard has a preferred leader, which asks for leadership when it has followed for a
 * while.
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

  private final RaftPeerId self;
  private final RaftConfig config;
  private final RaftProperties properties;
  private final List<RatisReplica> replicas;
  private final List<ReplicatedShard> shards;
  private final LongSupplier clockMillis;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread t = new Thread(task, "shard-maintenance");
            t.setDaemon(true);
            return t;
          });
  private final int[] patience;
  private final int[] periodsOutOfService;
  private final List<Rebuild> rebuilds;
  private final List<AgeLimit> ageLimits;
  private volatile boolean asksForLeadership = true;

  ShardMaintenance(
      String selfId,
      RaftConfig config,
      RaftProperties properties,
      List<RatisReplica> replicas,
      List<ReplicatedShard> shards,
      LongSupplier clockMillis) {
    this.self = RaftPeerId.valueOf(selfId);
    this.config = config;
    this.properties = properties;
    this.replicas = replicas;
    this.shards = shards;
    this.clockMillis = clockMillis;
    this.periodsOutOfService = new int[shards.size()];
    this.rebuilds =
        replicas.stream().map(r -> new Rebuild(r, r.quarantine(), self, properties)).toList();
    this.ageLimits = shards.stream().map(shard -> new AgeLimit(shard, clockMillis)).toList();
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
    if (!replica.isHosted()) {
      return;
    }
    replica.log().leaderlessMillis(); // keeps its account of time
    if (replica.log().problem() != null || replica.isQuarantined()) {
      recover(shard, replica);
      return;
    }
    replica.snapshotIfDue(config.snapshotEveryBytes(), config.snapshotEveryEntries());
    if (replica.log().leads()) {
      expire(shard);
      ageLimits.get(shard).enforce();
    }
    askForLeadership(shard, replica);
  }

  private void recover(int shard, RatisReplica replica) throws IOException {
    if (++periodsOutOfService[shard] % RECOVERY_PERIODS != 0) {
      return;
    }
    if (replica.isQuarantined()) {
      rebuilds.get(shard).goOn();
    } else {
      replica.restart();
    }
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
    boolean preferred = preferredLeader(shard, replica).equals(self);
    if (!preferred || !asksForLeadership || leader == null || leader.equals(self.toString())) {
      patience[shard] = PATIENCE;
      return;
    }
    if (--patience[shard] > 0) {
      return;
    }
    patience[shard] = PATIENCE_AFTER_REFUSAL;
    try (RaftClient client =
        RaftClient.newBuilder()
            .setRaftGroup(replica.group())
            .setLeaderId(RaftPeerId.valueOf(leader))
            .setProperties(properties)
            .setRetryPolicy(RetryPolicies.noRetry())
            .build()) {
      RaftClientReply reply = client.admin().transferLeadership(self, PERIOD_MILLIS);
      log.atInfo()
          .addKeyValue("shard", shard)
          .addKeyValue("from", leader)
          .addKeyValue("done", reply.isSuccess())
          .log("asked for leadership");
    }
  }

  private static RaftPeerId preferredLeader(int shard, RatisReplica replica) {
    List<RaftPeerId> members =
        replica.group().getPeers().stream()
            .map(peer -> peer.getId())
            .sorted(Comparator.comparing(RaftPeerId::toString))
            .toList();
    return members.get(shard % members.size());
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
