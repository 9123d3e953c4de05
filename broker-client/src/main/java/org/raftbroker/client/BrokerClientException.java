package org.raftbroker.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;

/**
 * What a call came to, if not to an answer: a node refused it, or none answered in time. {@link
 * #code} and {@link #reason} are those of the contract; the message is for people.
 */
public final class BrokerClientException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Code code;
  private final String reason;
  private final String node;
  private final String description;
  private final transient Optional<Duration> retryAfter;

  private BrokerClientException(
      String message,
      Code code,
      String node,
      String description,
      com.google.rpc.@Nullable Status details,
      @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.node = node;
    this.description = description;
    this.reason = detail(details, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
    this.retryAfter =
        detail(details, RetryInfo.class)
            .map(RetryInfo::getRetryDelay)
            .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
  }

  /**
   * What gRPC told of a call.
   *
   * @param failure of generated code on {@link BrokerClient#channel}, for example
   * @param node that was asked
   */
  public static BrokerClientException of(Throwable failure, String node) {
    StatusRuntimeException e =
        failure instanceof StatusRuntimeException known
            ? known
            : Status.fromThrowable(failure).asRuntimeException();
    String description = e.getStatus().getDescription();
    return new BrokerClientException(
        node + ": " + e.getMessage(),
        e.getStatus().getCode(),
        node,
        description == null ? "" : description,
        StatusProto.fromThrowable(e),
        e);
  }

  /** A message of a stream that was refused on its own. */
  public static BrokerClientException of(com.google.rpc.Status refusal, String node) {
    Code code = Status.fromCodeValue(refusal.getCode()).getCode();
    String message = node + ": " + code + ": " + refusal.getMessage();
    return new BrokerClientException(message, code, node, refusal.getMessage(), refusal, null);
  }

  /** Nothing was heard within the time that was given for it. */
  static BrokerClientException timeout(String message, String node) {
    return new BrokerClientException(message, Code.DEADLINE_EXCEEDED, node, message, null, null);
  }

  /** The gRPC status. */
  public Code code() {
    return code;
  }

  /**
   * Why, as {@code docs/errors.md} lists it, {@code SUBJECT_INVALID} for example; empty if no node
   * said so.
   */
  public String reason() {
    return reason;
  }

  /** The node that said so or broke, {@code host:port}; empty if none did. */
  public String node() {
    return node;
  }

  /** What the node, or the transport, said, without code and node; may be empty. */
  public String description() {
    return description;
  }

  /** After how long the node takes a repetition. */
  public Optional<Duration> retryAfter() {
    return retryAfter;
  }

  /** Whether the node went away, cannot serve or did not answer, so that another one may. */
  public boolean isOutage() {
    return switch (code) {
      // A node that is killed cancels its calls; nobody else does while the caller waits.
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> true;
      default -> false;
    };
  }

  /** Whether the call cannot have reached a node. */
  public boolean neverSent() {
    for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof NoRouteToHostException
          || cause instanceof UnknownHostException
          || cause instanceof SSLHandshakeException) {
        return true;
      }
    }
    return false;
  }

  /** Whether it is certain that nothing happened, and that it may at the next attempt. */
  boolean isHarmless() {
    return wantsPause() || neverSent();
  }

  /** Whether the node is well and takes a repetition, but later. */
  boolean wantsPause() {
    return code == Code.RESOURCE_EXHAUSTED && retryAfter.isPresent();
  }

  private static <M extends com.google.protobuf.Message> Optional<M> detail(
      com.google.rpc.@Nullable Status status, Class<M> type) {
    if (status == null) {
      return Optional.empty();
    }
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return Optional.of(any.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          throw new IllegalStateException("the node sent unreadable error details", e);
        }
      }
    }
    return Optional.empty();
  }
}
