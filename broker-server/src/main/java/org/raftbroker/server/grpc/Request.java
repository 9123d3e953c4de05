package org.raftbroker.server.grpc;

import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;

/**
 * A request frame as it came: decoded, or why it could not be. gRPC would answer an undecodable one
 * with INTERNAL, as if we were at fault; so the handler gets it, and refuses it.
 */
final class Request<T> {
  private final @Nullable T message;
  private final @Nullable BrokerException refusal;

  private Request(@Nullable T message, @Nullable BrokerException refusal) {
    this.message = message;
    this.refusal = refusal;
  }

  static <T> Request<T> of(T message) {
    return new Request<>(message, null);
  }

  static <T> Request<T> refused(BrokerException refusal) {
    return new Request<>(null, refusal);
  }

  /**
   * @throws BrokerException if the frame could not be decoded
   */
  T message() {
    if (message == null) {
      throw refusal == null ? new IllegalStateException("neither message nor refusal") : refusal;
    }
    return message;
  }
}
