package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.apache.ratis.conf.Parameters;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.grpc.server.GrpcServices;
import org.apache.ratis.protocol.RaftGroupId;
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
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.storage.ShardStores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's replicas, in one Ratis server: those of the shards that the cluster map places here.
 * One that cannot start is out of service alone; the others go on.
 *
 * <p>{@link #start} and {@link #close} are for the thread that owns the node.
 */
public final class RatisNode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RatisNode.class);

  private static final Duration HAND_OVER_TIMEOUT = Duration.ofSeconds(3);

  private final DataDirectory data;
  private final Founding founding;
  private final RaftPeers peers;
  private final AtomicReference<@Nullable ClusterMap> wanted = new AtomicReference<>();
  private final RaftServer server;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(daemon("commit-timer"));
  private final ExecutorService diskReads = Executors.newFixedThreadPool(2, daemon("disk-reads"));
  private final ExecutorService answers = Executors.newFixedThreadPool(2, daemon("raft-answers"));
  private final List<RatisReplica> replicas = new ArrayList<>();
  private final List<ReplicatedShard> shards = new ArrayList<>();
  private final List<Voters> voters = new ArrayList<>();
  private final ShardMaintenance maintenance;

  /**
   * What the node is told by its configuration.
   *
   * @param raftAddressById of the first members, as {@code host:port}, and of this node
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
      PeerLink peerLink,
      RemoteReplicas remote,
      CommitObserver observer,
      LongSupplier clockMillis,
      @Nullable SharedArchive archive)
      throws IOException {
    this.data = data;
    this.founding = data.founding();
    this.peers = new RaftPeers(settings.raftAddressById);
    RaftProperties properties =
        RaftSettings.of(
            settings.raft,
            settings.shards,
            data.raft(),
            settings.bindHost,
            settings.bindPort,
            settings.maxEntryBytes);
    this.server =
        newServer(
            settings.selfId,
            properties,
            new CatchUpPace(settings.raft.catchUpBytesPerSecond(), this::isArriving),
            data);
    long electionMillis = settings.raft.electionTimeout().toMillis();
    ReplicatedShard.Shared shared =
        new ReplicatedShard.Shared(
            settings.selfId,
            settings.groupCommit,
            peerLink,
            observer,
            timer,
            diskReads,
            clockMillis,
            5 * electionMillis,
            archive,
            directory,
            remote);
    for (int number = 0; number < settings.shards; number++) {
      RaftGroupId group = RatisReplica.groupId(settings.cluster, number);
      int shard = number;
      RatisReplica replica =
          new RatisReplica(
              number, group, server, data, founding, peers, stores, clockMillis, answers);
      replicas.add(replica);
      voters.add(new Voters(group, peers, () -> likelyReplicas(shard), properties));
      shards.add(new ReplicatedShard(number, replica.log(), replica.reader(), replica, shared));
    }
    this.maintenance =
        new ShardMaintenance(
            settings.selfId,
            settings.raft,
            replicas,
            shards,
            voters,
            peers,
            wanted::get,
            clockMillis);
  }

  private List<String> likelyReplicas(int shard) {
    ClusterMap map = wanted.get();
    return map == null ? List.of() : map.placement(shard);
  }

  private boolean isArriving(RaftGroupId group) {
    return replicas.stream().anyMatch(r -> r.groupId().equals(group) && r.isArriving());
  }

  private RaftServer newServer(
      String selfId, RaftProperties properties, CatchUpPace pace, DataDirectory data)
      throws IOException {
    Parameters parameters = new Parameters();
    GrpcConfigKeys.Server.setServicesCustomizer(
        parameters,
        (builder, types) ->
            types.contains(GrpcServices.Type.SERVER) ? builder.intercept(pace) : builder);
    // Ratis starts every group that it finds, and none if one of them fails. It finds none here;
    // they are added one by one.
    RaftServerConfigKeys.setStorageDir(properties, List.of(data.raft().resolve("none").toFile()));
    RaftServer built =
        RaftServer.newBuilder()
            .setServerId(RaftPeerId.valueOf(selfId))
            .setStateMachineRegistry(
                id ->
                    replicas.stream()
                        .filter(replica -> replica.groupId().equals(id))
                        .findFirst()
                        .orElseThrow(
                            () -> new IllegalStateException("no shard has the group " + id))
                        .newStateMachine())
            .setProperties(properties)
            .setParameters(parameters)
            .build();
    RaftServerConfigKeys.setStorageDir(properties, List.of(data.raft().toFile()));
    RaftSettings.assertSafe(properties);
    return built;
  }

  /**
   * Starts every replica that is on this disk. Returns when all are running or out of service;
   * leaders may not be elected yet.
   *
   * @throws IOException if the server cannot start, as when its port is taken
   */
  public void start(ApplyListener listener) throws IOException {
    if (founding.isUndecided() && !data.isNew()) {
      recogniseOlderDisk();
    }
    // Before the server listens: Ratis fails a replica that is sent entries while it starts.
    replicas.forEach(replica -> replica.start(listener));
    server.start();
    maintenance.start();
  }

  /** One that has voted before disks said how they became part of the cluster. */
  private void recogniseOlderDisk() throws IOException {
    SortedMap<Integer, List<String>> firstVoters = new TreeMap<>();
    List<String> members = peers.all().stream().map(peer -> peer.getId().toString()).toList();
    for (RatisReplica replica : replicas) {
      if (replica.isOnDisk()) {
        firstVoters.put(replica.number(), members);
      }
    }
    if (!firstVoters.isEmpty()) {
      founding.found(new TreeMap<>(), firstVoters);
    }
  }

  /**
   * Whether this disk has no part in the cluster yet: nothing runs until it is told that the
   * cluster is new ({@link #found}) or that it exists ({@link #join}).
   */
  public boolean isUndecided() {
    return founding.isUndecided();
  }

  /** Whether there is no replica on this disk. */
  public boolean isEmpty() {
    return replicas.stream().noneMatch(RatisReplica::isOnDisk);
  }

  /** The disks that the cluster was founded on; empty if this one came later. */
  public SortedMap<String, String> founders() {
    return founding.diskByFounder();
  }

  /**
   * The cluster is new, and this node is one of its founders: starts its first replicas.
   *
   * @param diskByFounder of all founders, on which they have agreed
   * @param placements by shard, the same on all founders
   */
  public void found(
      SortedMap<String, String> diskByFounder,
      List<List<String>> placements,
      ApplyListener listener)
      throws IOException {
    SortedMap<Integer, List<String>> here = new TreeMap<>();
    for (int shard = 0; shard < placements.size(); shard++) {
      if (placements.get(shard).contains(server.getId().toString())) {
        here.put(shard, placements.get(shard));
      }
    }
    founding.found(diskByFounder, here);
    for (int shard : here.keySet()) {
      replicas.get(shard).start(listener);
    }
  }

  /** The cluster exists: this node waits for the cluster map to give it replicas. */
  public void join() throws IOException {
    founding.join();
  }

  /** Replicas go from now on where this map wants them. Any thread; does not block. */
  public void follow(ClusterMap map) {
    peers.learn(map);
    wanted.set(map);
  }

  /**
   * Who votes in a shard's group, and that nothing is changing there: asks its leader, wherever
   * that is. Any thread; blocks for some seconds at most.
   *
   * @return null if that cannot be found out now, or is changing
   */
  public @Nullable Set<String> settledVoters(int shard) {
    try {
      Voters.Known known = voters.get(shard).ask(null);
      return known == null || known.isChanging()
          ? null
          : known.voters().stream()
              .map(voter -> voter.getId().toString())
              .collect(Collectors.toSet());
    } catch (IOException e) {
      log.atDebug().setCause(e).addKeyValue("shard", shard).log("voters not found out");
      return null;
    }
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

  static ThreadFactory daemon(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
