package org.raftbroker.client;

import java.util.concurrent.CompletableFuture;
import org.raftbroker.proto.PublishRequest;

/**
 * A message that is not answered yet.
 *
 * @param patientUntilNanos until when nodes that have failed are asked again for it
 * @param deadlineNanos until when an answer is waited for
 */
record PendingPublish(
    PublishRequest request,
    long patientUntilNanos,
    long deadlineNanos,
    CompletableFuture<Long> id) {
  PendingPublish(PublishRequest request, long nowNanos, Times times) {
    this(
        request,
        nowNanos + times.patience().toNanos(),
        nowNanos + times.timeout().toNanos(),
        new CompletableFuture<>());
  }

  int bodyBytes() {
    return request.getBody().size();
  }

  boolean late(long nowNanos) {
    return nowNanos - deadlineNanos >= 0;
  }

  boolean impatient(long nowNanos) {
    return late(nowNanos) || nowNanos - patientUntilNanos >= 0;
  }
}
