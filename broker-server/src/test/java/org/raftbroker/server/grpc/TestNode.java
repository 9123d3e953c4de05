package org.raftbroker.server.grpc;

import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.raft.ForwardedSubmissions;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;
import org.raftbroker.raft.command.Command.AppendBatch;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.raft.placement.ClusterMap;
import org.raftbroker.server.ReplicaOfOne;
import org.raftbroker.server.cluster.ClusterService;
import org.raftbroker.server.cluster.CurrentMap;
import org.raftbroker.server.cluster.MapEditor;
import org.raftbroker.server.delivery.CursorDelivery;
import org.raftbroker.server.delivery.DeliveryConfig;
import org.raftbroker.server.delivery.Followers;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.fixed.StaticMembership;
import org.raftbroker.server.peer.ClusterSecret;
import org.raftbroker.server.peer.InterestTable;
import org.raftbroker.server.peer.OwnInterests;
import org.raftbroker.server.peer.PeerBroadcast;
import org.raftbroker.server.peer.PeerConfig;
import org.raftbroker.server.peer.PeerConnections;
import org.raftbroker.server.peer.PeerService;
import org.raftbroker.server.transport.EventLoops;
import org.raftbroker.storage.Outcome;

/**
 * A node as far as its gRPC side goes: the real server, delivery and peers in front of real stores,
 * with shards that have no other replica.
 */
public final class TestNode implements AutoCloseable {
  public static final ClusterSecret SECRET = new ClusterSecret("test-secret");

  private static final int SHARDS = 3;

  public final EventLoops loops = new EventLoops(2);
  public final RecordedRequests requests = new RecordedRequests();
  public final List<ReplicaOfOne> replicas = new ArrayList<>();
  public final CursorDelivery delivery;
  public final PeerConnections peers;
  public final InterestTable interestTable = new InterestTable();

  /** Not started: until then its peers send it every broadcast, and it dials nobody by itself. */
  public final OwnInterests interests;

  public final PeerService peerService;
  public final GrpcServer server;
  private final ManagedChannel channel;

  /** The only member of its cluster, with default limits. */
  public static TestNode alone(Path directory) {
    return alone(directory, LimitsConfig.DEFAULT);
  }

  public static TestNode alone(Path directory, LimitsConfig limits) {
    return alone(directory, limits, UnaryOperator.identity());
  }

  /**
   * The only member of its cluster.
   *
   * @param around what to put around each shard
   */
  public static TestNode alone(Path directory, LimitsConfig limits, UnaryOperator<Shard> around) {
    return new TestNode(directory, "n1", List.of(member("n1")), limits, PeerConfig.DEFAULT, around);
  }

  /**
   * One of several members.
   *
   * @param around what to put around each shard
   */
  public static TestNode of(
      Path directory,
      String id,
      List<Member> members,
      PeerConfig config,
      UnaryOperator<Shard> around) {
    return new TestNode(directory, id, members, LimitsConfig.DEFAULT, config, around);
  }

  private TestNode(
      Path directory,
      String id,
      List<Member> members,
      LimitsConfig limits,
      PeerConfig peerConfig,
      UnaryOperator<Shard> around) {
    for (int number = 0; number < SHARDS; number++) {
      replicas.add(
          new ReplicaOfOne(number, directory.resolve(id + "-" + number), InstantSource.system()));
    }
    Member self = members.stream().filter(m -> m.id().equals(id)).findFirst().orElseThrow();
    var membership = new StaticMembership(self, members);
    var shards = new Shards(replicas.stream().map(around).toList());
    this.peers = new PeerConnections(membership, SECRET, peerConfig, loops);
    this.interests = new OwnInterests(id, peers, loops);
    this.delivery =
        new CursorDelivery(
            shards,
            Followers.NONE,
            interests,
            DeliveryConfig.DEFAULT,
            InstantSource.system(),
            (messages, bytes) -> {});
    replicas.forEach(replica -> replica.listen(delivery));
    delivery.start();
    var broadcast = new PeerBroadcast(delivery, peers, interestTable);
    this.peerService =
        new PeerService(
            applying(shards), shards.all(), shards, delivery, interestTable, broadcast, loops);
    var map = new CurrentMap(ClusterMap.of(1, SHARDS, List.of()));
    this.server =
        new GrpcServer(
            membership.self().grpc(),
            limits,
            loops,
            new BrokerService(
                shards, delivery, broadcast, limits, loops, requests, MessageTracer.NONE),
            new AdminService(
                new AdminService.Build("test", "0.0", Instant.EPOCH),
                membership,
                shards,
                new ClusterAdmin(map, new MapEditor(map, shards.all().get(CurrentMap.SHARD))),
                delivery,
                () -> true,
                limits,
                loops,
                requests),
            peerService,
            new ClusterService(id, "disk", "terms", () -> true, TreeMap::new, map),
            SECRET,
            requests);
    try {
      server.start();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
    server.serving(true);
    this.channel = newChannel();
  }

  /** A member at a port that was free a moment ago. */
  public static Member member(String id) {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Address address = new Address("127.0.0.1", socket.getLocalPort());
      return new Member(id, address, address, address);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  public int port() {
    return server.port();
  }

  /** Shared by the test; {@link #newChannel} makes more. */
  public ManagedChannel channel() {
    return channel;
  }

  public ManagedChannel newChannel() {
    return NettyChannelBuilder.forAddress("127.0.0.1", port())
        .usePlaintext()
        .disableRetry()
        .maxInboundMessageSize(64 << 20)
        .build();
  }

  public BrokerGrpc.BrokerBlockingStub broker() {
    return BrokerGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  public BrokerGrpc.BrokerStub asyncBroker() {
    return BrokerGrpc.newStub(channel);
  }

  @Override
  public void close() {
    try {
      channel.shutdownNow();
      interests.close();
      peers.close();
      server.close(Duration.ofMillis(100));
      delivery.close();
      replicas.forEach(ReplicaOfOne::close);
      loops.close(Duration.ofSeconds(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** What the leader's group commit would do with submissions of other nodes. */
  private static ForwardedSubmissions applying(Shards shards) {
    return (number, submissions) -> {
      List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
      for (Submission submission : submissions) {
        AppendBatch batch = (AppendBatch) submission.command();
        outcomes.add(shards.all().get(number).publish(batch.messages()));
      }
      return CompletableFuture.allOf(outcomes.toArray(new CompletableFuture<?>[0]))
          .thenApply(
              done ->
                  IntStream.range(0, outcomes.size())
                      .mapToObj(i -> outcomes.get(i).join())
                      .toList());
    };
  }
}
