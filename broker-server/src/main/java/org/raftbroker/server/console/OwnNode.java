package org.raftbroker.server.console;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.BlockingClientCall;
import io.grpc.stub.ClientCalls;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.transport.EventLoops;

/**
 * This node's gRPC port, as its own console calls it: what others are refused, the console is
 * refused, too. Connects with the first call. Any thread but an event loop: calls wait for answers.
 */
public final class OwnNode implements AutoCloseable {
  /**
   * Longer than a publish waits for a majority by default, so that its refusal says what it was.
   */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  private final ManagedChannel channel;

  /**
   * @param listen where the node listens for gRPC
   * @param maxMessageBytes largest answer
   */
  public OwnNode(Address listen, int maxMessageBytes, EventLoops loops) {
    String host = listen.isWildcard() ? loopback(listen.host()) : listen.host();
    this.channel =
        loops
            .connect(NettyChannelBuilder.forAddress(host, listen.port()))
            .usePlaintext()
            .maxInboundMessageSize(maxMessageBytes)
            .build();
  }

  private static String loopback(String wildcard) {
    return wildcard.indexOf(':') < 0 ? "127.0.0.1" : "::1";
  }

  BrokerGrpc.BrokerBlockingStub broker() {
    return BrokerGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  AdminGrpc.AdminBlockingStub admin() {
    return AdminGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** A subscription that is read one message after the other, and ends by itself at its time. */
  BlockingClientCall<SubscribeRequest, MessageResponse> subscribe(
      SubscribeRequest request, Duration lifetime) {
    return ClientCalls.blockingV2ServerStreamingCall(
        channel,
        BrokerGrpc.getSubscribeMethod(),
        CallOptions.DEFAULT.withDeadlineAfter(lifetime.toMillis(), TimeUnit.MILLISECONDS),
        request);
  }

  /** The node's refusal of a call, for the page. */
  static Refusal refusal(Throwable failure) {
    Status status = Status.fromThrowable(failure);
    String reason = reason(failure, status.getCode());
    // Without a reason of the node's own it is the connection that says so, which has no words for
    // people.
    String message =
        reason.equals(Status.Code.UNAVAILABLE.name())
            ? "the node's gRPC port does not answer: it is starting, or stopping; /readyz says more"
            : status.getDescription();
    return new Refusal(
        httpStatus(status.getCode()),
        reason,
        message == null ? "the node answered " + status.getCode() : message);
  }

  private static int httpStatus(Status.Code code) {
    return switch (code) {
      case INVALID_ARGUMENT, OUT_OF_RANGE -> 400;
      case PERMISSION_DENIED, UNAUTHENTICATED -> 403;
      case NOT_FOUND -> 404;
      case ALREADY_EXISTS, FAILED_PRECONDITION, ABORTED -> 409;
      case RESOURCE_EXHAUSTED -> 429;
      case UNAVAILABLE -> 503;
      case DEADLINE_EXCEEDED -> 504;
      default -> 500;
    };
  }

  private static String reason(Throwable failure, Status.Code code) {
    com.google.rpc.Status details = StatusProto.fromThrowable(failure);
    if (details != null) {
      for (Any detail : details.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          try {
            return detail.unpack(ErrorInfo.class).getReason();
          } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("this node's own detail is not readable", e);
          }
        }
      }
    }
    return code.name();
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
