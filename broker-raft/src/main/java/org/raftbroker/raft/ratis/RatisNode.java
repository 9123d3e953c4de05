package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.protocol.RaftGroup;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ApplyListener;
import org.raftbroker.raft.CommitObserver;
import org.raftbroker.raft.ForwardedSubmissions;
import org.raftbroker.raft.GroupCommitConfig;
import org.raftbroker.raft.PeerLink;
import org.raftbroker.raft.RemoteReplicas;
import org.raftbroker.raft.ReplicaDirectory;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.Shards;
import org.raftbroker.raft.SharedArchive;
import org.raftbroker.storage.ShardStores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's replicas of shards, in one Ratis server, and its way to the shards of which it has
 * none. A shard that cannot start is out of service alone; the others go on.
 *
 * <p>{@link #start} and {@link #close} are for the thread that owns the node.
 */
public final class RatisNode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RatisNode.class);

  private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(3);

  private final DataDirectory data;
  private final RaftServer server;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(daemon("commit-timer"));
  private final ExecutorService diskReads = Executors.newFixedThreadPool(2, daemon("disk-reads"));
  private final ExecutorService answers = Executors.newFixedThreadPool(2, daemon("raft-answers"));
  private final List<RatisReplica> replicas = new ArrayList<>();
  private final List<ReplicatedShard> shards = new ArrayList<>();
  private final ShardMaintenance maintenance;

  /**
   * What the node is told by its configuration.
   *
   * @param raftAddressById of every member, as {@code host:port}; this node's own included
   * @param bindHost where to listen for the other replicas
   * @param maxEntryBytes the largest entry that can come up
   */
  public record Settings(
      String cluster,
      String selfId,
      SortedMap<String, String> raftAddressById,
      String bindHost,
      int bindPort,
      int shards,
      RaftConfig raft,
      GroupCommitConfig groupCommit,
      int maxEntryBytes) {}

  /**
   * @param directory says of which shards this node is to have a replica
   * @param remote the way to replicas on other nodes
   * @param archive where messages move to; null: they stay in the stores
   */
  public RatisNode(
      Settings settings,
      DataDirectory data,
      ShardStores stores,
      ReplicaDirectory directory,
      PeerLink peers,
      RemoteReplicas remote,
      CommitObserver observer,
      LongSupplier clockMillis,
      @Nullable SharedArchive archive)
      throws IOException {
    this.data = data;
    RaftProperties properties =
        RaftSettings.of(
            settings.raft,
            data.raft(),
            settings.bindHost,
            settings.bindPort,
            settings.maxEntryBytes);
    this.server = newServer(settings.selfId, properties, data);
    long electionMillis = settings.raft.electionTimeout().toMillis();
    ReplicatedShard.Shared shared =
        new ReplicatedShard.Shared(
            settings.selfId,
            settings.groupCommit,
            peers,
            observer,
            timer,
            diskReads,
            clockMillis,
            3 * electionMillis,
            archive,
            directory,
            remote);
    for (int number = 0; number < settings.shards; number++) {
      RaftGroup group =
          RaftGroup.valueOf(
              RatisReplica.groupId(settings.cluster, number),
              peers(settings.raftAddressById, directory.replicas(number)));
      RatisReplica replica =
          new RatisReplica(number, group, server, data, stores, clockMillis, answers);
      replicas.add(replica);
      shards.add(new ReplicatedShard(number, replica.log(), replica.reader(), replica, shared));
    }
    this.maintenance =
        new ShardMaintenance(
            settings.selfId, settings.raft, properties, replicas, shards, clockMillis);
  }

  private static List<RaftPeer> peers(Map<String, String> raftAddressById, List<String> ids) {
    return ids.stream()
        .map(id -> RaftPeer.newBuilder().setId(id).setAddress(raftAddressById.get(id)).build())
        .toList();
  }

  private RaftServer newServer(String selfId, RaftProperties properties, DataDirectory data)
      throws IOException {
    // Ratis starts every group that it finds, and none if one of them fails. It finds none here;
    // they are added one by one.
    RaftServerConfigKeys.setStorageDir(properties, List.of(data.raft().resolve("none").toFile()));
    RaftServer built =
        RaftServer.newBuilder()
            .setServerId(RaftPeerId.valueOf(selfId))
            .setStateMachineRegistry(
                id ->
                    replicas.stream()
                        .filter(replica -> replica.group().getGroupId().equals(id))
                        .findFirst()
                        .orElseThrow(
                            () -> new IllegalStateException("no shard has the group " + id))
                        .newStateMachine())
            .setProperties(properties)
            .build();
    RaftServerConfigKeys.setStorageDir(properties, List.of(data.raft().toFile()));
    RaftSettings.assertSafe(properties);
    return built;
  }

  /**
   * Starts the replicas that this node is to have. Returns when all are running or out of service;
   * leaders may not be elected yet.
   *
   * @throws IOException if the server cannot start, as when its port is taken
   */
  public void start(ApplyListener listener) throws IOException {
    // Before the server listens: Ratis fails a replica that is sent entries while it starts.
    replicas.stream().filter(RatisReplica::isHosted).forEach(replica -> replica.start(listener));
    server.start();
    maintenance.start();
  }

  public Shards shards() {
    return new Shards(shards);
  }

  /** The same, for who proposes changes to this node's own replicas. */
  public List<ReplicatedShard> replicatedShards() {
    return List.copyOf(shards);
  }

  public ForwardedSubmissions forwardedSubmissions() {
    return (shard, submissions) ->
        shard >= 0 && shard < shards.size()
            ? shards.get(shard).submit(submissions)
            : CompletableFuture.failedFuture(
                new IllegalArgumentException(
                    "there is no shard " + shard + ", they are 0 to " + (shards.size() - 1)));
  }

  /**
   * Hands every shard that this node leads to another replica, and asks for none back. Returns
   * after a few seconds at most.
   */
  public void handOver() {
    maintenance.stopAskingForLeadership();
    List<CompletableFuture<String>> transfers =
        replicas.stream()
            .filter(replica -> replica.log().leads())
            .map(replica -> replica.transferLeadership(null))
            .toList();
    try {
      CompletableFuture.allOf(transfers.toArray(CompletableFuture[]::new))
          .get(HAND_OVER_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      log.atWarn().setCause(e).log("leadership not handed over everywhere; an election follows");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Takes no more publishes and waits for those under way. */
  public void drain(Duration timeout) {
    try {
      CompletableFuture.allOf(
              shards.stream().map(ReplicatedShard::close).toArray(CompletableFuture[]::new))
          .get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      log.atWarn().setCause(e).log("publishes were still under way when the time to stop was over");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() throws IOException {
    maintenance.close();
    server.close();
    replicas.forEach(RatisReplica::close);
    timer.shutdownNow();
    diskReads.shutdown();
    answers.shutdown();
    data.close();
  }

  private static ThreadFactory daemon(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
