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
  private final transient Optional<Duration> retryAfter;

  private BrokerClientException(
      String message,
      Code code,
      String node,
      com.google.rpc.@Nullable Status details,
      @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.node = node;
    this.reason = detail(details, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
    this.retryAfter =
        detail(details, RetryInfo.class)
            .map(RetryInfo::getRetryDelay)
            .map(delay -> Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
  }

  /** A call at a node that ended with another status than OK. */
  static BrokerClientException of(StatusRuntimeException e, String node) {
    return new BrokerClientException(
        node + ": " + e.getMessage(),
        e.getStatus().getCode(),
        node,
        StatusProto.fromThrowable(e),
        e);
  }

  /** What gRPC told an observer of a call. */
  static BrokerClientException of(Throwable failure, String node) {
    return of(
        failure instanceof StatusRuntimeException known
            ? known
            : Status.fromThrowable(failure).asRuntimeException(),
        node);
  }

  /** A message of a stream that was refused on its own. */
  static BrokerClientException of(com.google.rpc.Status refusal, String node) {
    Code code = Status.fromCodeValue(refusal.getCode()).getCode();
    String message = node + ": " + code + ": " + refusal.getMessage();
    return new BrokerClientException(message, code, node, refusal, null);
  }

  /** Nothing was heard within the time that was given for it. */
  static BrokerClientException timeout(String message, @Nullable Throwable last) {
    return new BrokerClientException(message, Code.DEADLINE_EXCEEDED, "", null, last);
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

  /** After how long the node takes a repetition. */
  public Optional<Duration> retryAfter() {
    return retryAfter;
  }

  /** Whether the node went away, cannot serve or did not answer, so that another one may. */
  boolean isOutage() {
    return switch (code) {
      // A node that is killed cancels its calls; nobody else does while the caller waits.
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED -> true;
      default -> false;
    };
  }

  /** Whether it is certain that nothing happened, and that it may at the next attempt. */
  boolean isHarmless() {
    if (code == Code.RESOURCE_EXHAUSTED && retryAfter.isPresent()) {
      return true;
    }
    for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof NoRouteToHostException
          || cause instanceof UnknownHostException) {
        return true;
      }
    }
    return false;
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
