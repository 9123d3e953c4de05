package org.raftbroker.server.grpc;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.server.cluster.ClusterService;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.peer.ClusterSecret;
import org.raftbroker.server.peer.PeerService;
import org.raftbroker.server.transport.EventLoops;

/**
 * The node's gRPC port: the public service, administration, peers, health and reflection, behind
 * the limits that gRPC leaves off unless they are set.
 */
public final class GrpcServer {
  private final BrokerService broker;
  private final HealthStatusManager health = new HealthStatusManager();
  private final Server server;

  public GrpcServer(
      Address listen,
      LimitsConfig limits,
      EventLoops loops,
      BrokerService broker,
      AdminService admin,
      PeerService peers,
      ClusterService cluster,
      ClusterSecret secret,
      RequestObserver observer) {
    this.broker = broker;
    NettyServerBuilder builder =
        loops
            .serve(
                NettyServerBuilder.forAddress(new InetSocketAddress(listen.host(), listen.port())))
            .addService(broker.definition())
            .addService(admin.definition())
            .addService(
                ServerInterceptors.intercept(peers.definition(), new PeersOnly(secret, observer)))
            .addService(
                ServerInterceptors.intercept(cluster.definition(), new PeersOnly(secret, observer)))
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance())
            .addService(reflectionForOlderTools())
            .addTransportFilter(StreamLimit.counting());
    bound(builder, limits);
    this.server = builder.build();
    serving(false);
  }

  /**
   * Binds the port; calls are answered from now on.
   *
   * @throws IOException if the port cannot be bound
   */
  public void start() throws IOException {
    server.start();
  }

  /** The port that is bound; of interest if it was left to the system. */
  public int port() {
    return server.getPort();
  }

  /** What the health service answers, for the node as a whole and for the public service. */
  public void serving(boolean serving) {
    ServingStatus status = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    health.setStatus(BrokerGrpc.SERVICE_NAME, status);
  }

  /**
   * Not healthy any more, no new connections and calls; publish streams are answered and then end
   * with SHUTTING_DOWN. Calls under way go on: {@link #close} waits for them.
   */
  public void drain() {
    health.enterTerminalState();
    server.shutdown();
    broker.endPublishStreams(
        new BrokerException(
            Reason.SHUTTING_DOWN, "this node is stopping; go on at another node of the cluster"));
  }

  /**
   * Drains, waits for the calls under way, and cuts off those that take too long.
   *
   * @return whether all calls ended by themselves within {@code bound}
   */
  public boolean close(Duration bound) throws InterruptedException {
    drain();
    boolean ended = server.awaitTermination(bound.toNanos(), TimeUnit.NANOSECONDS);
    server.shutdownNow();
    return ended;
  }

  private static void bound(NettyServerBuilder builder, LimitsConfig limits) {
    builder
        .maxInboundMessageSize(limits.maxTransportBytes())
        .maxInboundMetadataSize(limits.maxMetadataBytes())
        .maxConcurrentCallsPerConnection(limits.maxCallsPerConnection())
        .handshakeTimeout(limits.handshakeTimeout().toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTime(limits.keepAliveTime().toMillis(), TimeUnit.MILLISECONDS)
        .keepAliveTimeout(limits.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
        // A client that pings exactly as often as it may must not be punished for a busy network.
        .permitKeepAliveTime(
            limits.minClientPingInterval().toMillis() * 9 / 10, TimeUnit.MILLISECONDS)
        .permitKeepAliveWithoutCalls(true)
        .maxRstFramesPerWindow(
            limits.maxResetsPerWindow(), Math.toIntExact(limits.resetWindow().toSeconds()));
    if (!limits.maxConnectionAge().isZero()) {
      builder
          .maxConnectionAge(limits.maxConnectionAge().toMillis(), TimeUnit.MILLISECONDS)
          .maxConnectionAgeGrace(limits.maxConnectionAgeGrace().toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  @SuppressWarnings("deprecation") // v1alpha: the only reflection that older tools speak
  private static BindableService reflectionForOlderTools() {
    return ProtoReflectionService.newInstance();
  }
}
