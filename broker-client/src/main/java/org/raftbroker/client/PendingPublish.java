package org.raftbroker.client;

import java.util.concurrent.CompletableFuture;
import org.raftbroker.proto.PublishRequest;

/** A message that is not answered yet, and the time until which an answer is waited for. */
record PendingPublish(PublishRequest request, long deadlineNanos, CompletableFuture<Long> id) {
  PendingPublish(PublishRequest request, long deadlineNanos) {
    this(request, deadlineNanos, new CompletableFuture<>());
  }

  int bodyBytes() {
    return request.getBody().size();
  }

  boolean late(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }
}
