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
  /** Shorter than the page waits: what it reads is either soon there or not to be had. */
  private static final Duration READ_PATIENCE = Duration.ofMillis(2500);

  /** Longer than a publish waits for a majority by default: then its refusal says what it was. */
  private static final Duration PUBLISH_PATIENCE = Duration.ofSeconds(15);

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

  /** For a fetch. */
  BrokerGrpc.BrokerBlockingStub reader() {
    return BrokerGrpc.newBlockingStub(channel)
        .withDeadlineAfter(READ_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  BrokerGrpc.BrokerBlockingStub publisher() {
    return BrokerGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PUBLISH_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  AdminGrpc.AdminBlockingStub admin() {
    return AdminGrpc.newBlockingStub(channel)
        .withDeadlineAfter(READ_PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
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
    return new Refusal(httpStatus(status.getCode()), reason, message(status, reason));
  }

  private static String message(Status status, String reason) {
    String said = status.getDescription();
    if (said != null && !reason.equals(status.getCode().name())) {
      return said;
    }
    // gRPC itself has ended the call, and its words are of no use to people.
    return switch (status.getCode()) {
      case UNAVAILABLE ->
          "the node's gRPC port does not answer: it is starting, or stopping; /readyz says more";
      case DEADLINE_EXCEEDED ->
          "the node had no answer in time: a shard may have no leader; /readyz says more";
      default -> said == null ? "the node answered " + status.getCode() : said;
    };
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
