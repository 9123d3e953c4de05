package org.raftbroker.server;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ReplicaDirectory;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.ratis.DataDirectory;
import org.raftbroker.raft.ratis.RatisNode;
import org.raftbroker.server.cluster.CurrentMap;
import org.raftbroker.server.cluster.PlacedReplicas;
import org.raftbroker.server.config.NodeConfig;
import org.raftbroker.server.console.Console;
import org.raftbroker.server.console.OwnNode;
import org.raftbroker.server.delivery.CursorDelivery;
import org.raftbroker.server.grpc.AdminService;
import org.raftbroker.server.grpc.BrokerService;
import org.raftbroker.server.grpc.ClusterAdmin;
import org.raftbroker.server.grpc.GrpcServer;
import org.raftbroker.server.grpc.MessageTracer;
import org.raftbroker.server.http.HttpFront;
import org.raftbroker.server.http.Pages;
import org.raftbroker.server.http.Readiness;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.metrics.BrokerMetrics;
import org.raftbroker.server.peer.ClusterSecret;
import org.raftbroker.server.peer.InterestTable;
import org.raftbroker.server.peer.OwnInterests;
import org.raftbroker.server.peer.PeerBroadcast;
import org.raftbroker.server.peer.PeerConnections;
import org.raftbroker.server.peer.PeerService;
import org.raftbroker.server.peer.ReplicaFollowers;
import org.raftbroker.server.tracing.Tracing;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One broker node, put together. {@link #start} and {@link #stop} are each called once, on the
 * thread that owns the node; stopping undoes starting, last first.
 */
public final class BrokerNode {
  private static final Logger log = LoggerFactory.getLogger(BrokerNode.class);

  /** What a log entry adds to the messages in it. */
  private static final int ENTRY_OVERHEAD_BYTES = 64 * 1024;

  private static final long READINESS_PERIOD_MILLIS = 500;

  private final NodeConfig config;
  private final BrokerMetrics metrics = new BrokerMetrics();
  private final EventLoops loops;
  private final InstantSource clock;
  private final boolean recoverFromArchive;
  private final RocksStores stores;
  private final @Nullable SharedStorage sharedStorage;
  private final Membership membership;
  private final PeerConnections peers;
  private final RatisNode ratis;
  private final ReplicaFollowers followers;
  private final OwnInterests interests;
  private final CursorDelivery delivery;
  private final Participation participation;
  private final PeerService peerService;
  private final @Nullable Tracing tracing;
  private final GrpcServer grpc;
  private final @Nullable Console console;
  private final HttpFront http;
  private final ScheduledExecutorService readinessTimer =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "readiness");
            thread.setDaemon(true);
            return thread;
          });
  private final CatchUp catchUp;
  private volatile boolean started;
  private volatile boolean stopping;

  /**
   * Opens the data directory and the stores; nothing runs yet.
   *
   * @param recoverFromArchive whether shards that are empty on all nodes may start from what the
   *     archive knows of them
   * @throws IOException if the data directory cannot be used, saying why
   */
  public BrokerNode(NodeConfig config, String version, boolean recoverFromArchive)
      throws IOException {
    this.config = config;
    this.recoverFromArchive = recoverFromArchive;
    Member self = config.self();
    DataDirectory data =
        DataDirectory.open(
            config.node().dataDir(),
            config.cluster().name(),
            self.id(),
            config.cluster().shards(),
            config.archive().enabled());
    CurrentMap map = new CurrentMap(Participation.firstMap(config));
    membership = MembershipProvider.of(config, self.withDisk(data.disk()), map);
    ClusterSecret secret = new ClusterSecret(config.cluster().secret().reveal());
    clock = InstantSource.system();
    loops = new EventLoops(config.limits().eventLoops());
    RocksStores.loadLibrary(config.node().dataDir());
    stores = new RocksStores(config.store(), config.cluster().shards());
    sharedStorage = config.archive().enabled() ? new SharedStorage(config) : null;
    peers = new PeerConnections(membership, secret, config.peers(), loops);
    ReplicaDirectory directory = new PlacedReplicas(map);
    ratis =
        new RatisNode(
            raftSettings(config, self),
            data,
            stores,
            directory,
            peers,
            peers,
            metrics,
            clock::millis,
            sharedStorage == null ? null : sharedStorage.forShards());
    catchUp = new CatchUp(ratis.shards());
    followers = new ReplicaFollowers(self.id(), directory, peers, loops);
    interests = new OwnInterests(self.id(), peers, loops);
    delivery =
        new CursorDelivery(ratis.shards(), followers, interests, config.delivery(), clock, metrics);
    participation = new Participation(config, data, map, ratis, peers, membership, delivery);
    InterestTable interestTable = new InterestTable();
    PeerBroadcast broadcast = new PeerBroadcast(delivery, peers, interestTable);
    peerService =
        new PeerService(
            ratis.forwardedSubmissions(),
            ratis.replicatedShards().stream().map(ReplicatedShard::local).toList(),
            ratis.shards(),
            delivery,
            interestTable,
            broadcast,
            loops);
    tracing =
        Tracing.of(
                config.tracing(), new Tracing.Source(config.cluster().name(), self.id(), version))
            .orElse(null);
    BrokerService broker =
        new BrokerService(
            ratis.shards(),
            delivery,
            broadcast,
            config.limits(),
            loops,
            metrics,
            tracing == null ? MessageTracer.NONE : tracing);
    AdminService admin =
        new AdminService(
            new AdminService.Build(config.cluster().name(), version, Instant.now()),
            membership,
            ratis.shards(),
            new ClusterAdmin(map, participation.editor()),
            delivery,
            () -> readiness().ready(),
            config.limits(),
            loops,
            metrics);
    grpc =
        new GrpcServer(
            config.listen().grpc(self),
            config.limits(),
            loops,
            broker,
            admin,
            peerService,
            participation.service(),
            secret,
            metrics);
    console = config.console().enabled() ? console(config, self) : null;
    http =
        new HttpFront(
            config.listen().http(self),
            config.http(),
            metrics,
            this::readiness,
            console == null ? Pages.NONE : console);
    metrics.watch(ratis.shards());
    metrics.watch(delivery);
    metrics.watch(membership);
    metrics.watch(config.node().dataDir());
  }

  private Console console(NodeConfig config, Member self) {
    return new Console(
        config.console(),
        config.listen().http(self),
        config.http().responseTimeout(),
        new OwnNode(config.listen().grpc(self), config.limits().maxTransportBytes(), loops),
        metrics::activity);
  }

  private static RatisNode.Settings raftSettings(NodeConfig config, Member self) {
    SortedMap<String, String> raftAddressById = new TreeMap<>();
    config.cluster().members().forEach(m -> raftAddressById.put(m.id(), m.raft().toString()));
    raftAddressById.put(self.id(), self.raft().toString());
    Address bind = config.listen().raft(self);
    return new RatisNode.Settings(
        config.cluster().name(),
        self.id(),
        raftAddressById,
        bind.host(),
        bind.port(),
        config.cluster().shards(),
        config.raft(),
        config.groupCommit(),
        Math.max(config.groupCommit().maxBatchBytes(), largestMessage(config))
            + ENTRY_OVERHEAD_BYTES);
  }

  /** What a message of the largest body, headers and names weighs at most. */
  private static int largestMessage(NodeConfig config) {
    return config.limits().maxBodyBytes()
        + NewMessage.UTF8_BYTES_PER_CHAR
            * (config.limits().maxHeaderBytes() + 2 * Subject.MAX_BYTES)
        + 1024;
  }

  /**
   * Starts everything; the node is ready once every shard has a leader and it has caught up.
   *
   * @throws IOException if a port cannot be bound, naming it
   */
  public void start() throws IOException {
    http.start();
    membership.start();
    ratis.start(delivery);
    if (sharedStorage != null) {
      sharedStorage.start(ratis.replicatedShards(), recoverFromArchive, clock::millis, metrics);
    }
    delivery.start();
    grpc.start();
    interests.start();
    participation.start();
    var unused =
        readinessTimer.scheduleWithFixedDelay(
            this::lookAround, 0, READINESS_PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    started = true;
    log.atInfo()
        .addKeyValue("node", config.node().id())
        .addKeyValue("cluster", config.cluster().name())
        .addKeyValue("shards", config.cluster().shards())
        .addKeyValue("grpc", config.listen().grpc(config.self()))
        .addKeyValue("raft", config.listen().raft(config.self()))
        .addKeyValue("http", config.listen().http(config.self()))
        .log("node started");
  }

  private void lookAround() {
    try {
      catchUp.look();
      grpc.serving(readiness().ready());
    } catch (RuntimeException e) {
      // Thrown on, it would be the last look: the timer says nothing and stops.
      log.atError().setCause(e).log("looking for readiness failed; it is looked for again");
    }
  }

  /** Whether clients should be sent here. Any thread; does not block. */
  private Readiness readiness() {
    List<String> reasons = new ArrayList<>();
    if (stopping) {
      reasons.add("the node is stopping");
    }
    if (!started) {
      reasons.add("the node is starting");
    }
    String outside = participation.waitsFor();
    if (outside != null) {
      reasons.add(outside);
    }
    for (Shard shard : ratis.shards().all()) {
      ReplicaStatus status = shard.status();
      if (status.role() == ReplicaStatus.Role.LEARNER) {
        continue; // other nodes serve it meanwhile
      }
      if (status.problem() != null) {
        reasons.add("shard " + shard.number() + " is out of service: " + status.problem());
      } else if (status.leaderId() == null) {
        reasons.add("shard " + shard.number() + " has no leader");
      } else if (sharedStorage != null && !status.isAbsent() && !status.archive().open()) {
        reasons.add("shard " + shard.number() + " is not open yet: its leader asks the catalog");
      }
    }
    for (int behind : catchUp.behind()) {
      reasons.add("shard " + behind + " is catching up after the start");
    }
    boolean ready = reasons.isEmpty();
    if (sharedStorage != null) {
      reasons.addAll(sharedStorage.problems());
    }
    return new Readiness(ready, reasons);
  }

  /**
   * Stops the node so that clients lose nothing: it turns not ready, hands over leadership, ends
   * subscriptions with a status that says to go on elsewhere, and answers what is under way.
   * Returns within about {@code shutdown.timeout}.
   */
  public void stop() throws IOException, InterruptedException {
    log.atInfo().addKeyValue("node", config.node().id()).log("node stopping");
    long deadline = System.nanoTime() + config.shutdown().timeout().toNanos();
    stopping = true;
    readinessTimer.shutdownNow();
    grpc.serving(false);
    participation.close();
    if (sharedStorage != null) {
      sharedStorage.stopArchiving();
    }
    ratis.handOver();
    delivery.endAll(
        new BrokerException(
            Reason.SHUTTING_DOWN,
            "this node is stopping; resume at another node after the last id that came"));
    peerService.endStreams();
    if (!grpc.close(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
      log.atWarn().log("calls were cut off because the time to stop was over (shutdown.timeout)");
    }
    if (tracing != null) {
      tracing.close();
    }
    if (console != null) {
      console.close();
    }
    ratis.drain(Duration.ofSeconds(1));
    followers.close();
    interests.close();
    peers.close();
    ratis.close();
    delivery.close();
    stores.close();
    if (sharedStorage != null) {
      sharedStorage.close();
    }
    loops.close(Duration.ofSeconds(1));
    if (participation.wasRemoved()) {
      membership.leave(); // so that nobody waits for it to come back
    }
    membership.close();
    http.close();
    metrics.close();
    log.atInfo().addKeyValue("node", config.node().id()).log("node stopped");
  }
}
