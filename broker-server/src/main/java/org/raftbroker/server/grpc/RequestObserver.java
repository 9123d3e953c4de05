package org.raftbroker.server.grpc;

import io.grpc.Status;
import org.raftbroker.message.Reason;

/** Watches requests, for metrics. Called on transport threads; must not block. */
public interface RequestObserver {
  /**
   * Messages were acknowledged.
   *
   * @param nanos from their arrival to the answer
   */
  void onPublished(int messages, long bodyBytes, long nanos);

  /** A fetch was answered with a message. */
  void onFetched(long frameBytes, long nanos);

  /**
   * A call, or one message of a batch or stream, was answered with an error.
   *
   * @param method the bare method name, such as {@code Publish}
   * @param reason as text, the name of a {@link Reason}; empty if the error has none
   */
  void onError(String method, Status.Code code, String reason);
}
