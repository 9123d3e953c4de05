package org.raftbroker.systemtests.cluster;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.admin.AdminGrpc;

/** A client of one node, as anybody could write it. Any thread. */
public final class NodeClient implements AutoCloseable {
  // A frame of SubscribeBatches may carry many messages.
  private static final int MAX_INBOUND_BYTES = 64 << 20;

  private final String node;
  private final ManagedChannel channel;

  NodeClient(NodePlace place) {
    this.node = place.id();
    this.channel = builder(place).build();
  }

  private NodeClient(String node, ManagedChannel channel) {
    this.node = node;
    this.channel = channel;
  }

  /**
   * One that takes another way than straight to its node.
   *
   * @param node what it is called; need not be one node
   * @param channel the way; closed with the client
   */
  public static NodeClient over(String node, ManagedChannel channel) {
    return new NodeClient(node, channel);
  }

  /** One whose connection holds little that was not asked for, so that slowness shows at once. */
  static NodeClient withSmallWindow(NodePlace place, int windowBytes) {
    return new NodeClient(place.id(), builder(place).flowControlWindow(windowBytes).build());
  }

  private static NettyChannelBuilder builder(NodePlace place) {
    return NettyChannelBuilder.forAddress(place.clientHost(), place.grpcPort())
        .usePlaintext()
        .maxInboundMessageSize(MAX_INBOUND_BYTES);
  }

  public String node() {
    return node;
  }

  public ManagedChannel channel() {
    return channel;
  }

  public BrokerGrpc.BrokerBlockingStub broker(Duration deadline) {
    return BrokerGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  public AdminGrpc.AdminBlockingStub admin(Duration deadline) {
    return AdminGrpc.newBlockingStub(channel)
        .withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Publishes one message without a key and answers its id. */
  public long publish(String subject, String body) {
    return broker(Duration.ofSeconds(10))
        .publish(
            PublishRequest.newBuilder()
                .setSubject(subject)
                .setBody(ByteString.copyFromUtf8(body))
                .build())
        .getId();
  }

  /** Dials at once instead of after the pause that grew while the node was down. */
  public void reconnectNow() {
    channel.resetConnectBackoff();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
