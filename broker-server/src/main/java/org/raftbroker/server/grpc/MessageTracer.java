package org.raftbroker.server.grpc;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.server.delivery.Outbound;
import org.raftbroker.storage.Outcome;

/**
 * Follows messages whose headers ask for it. Called on event loops and on the threads that complete
 * publishes: it must not block.
 */
public interface MessageTracer {
  /** Follows no message. */
  MessageTracer NONE =
      new MessageTracer() {
        @Override
        public boolean follows(NewMessage message) {
          return false;
        }

        @Override
        public void onAnswered(
            Publish publish, @Nullable Outcome outcome, @Nullable Throwable failure) {}

        @Override
        public void onDelivered(StoredMessage message, Outbound to) {}
      };

  /**
   * Messages on their way into one shard.
   *
   * @param arrivedNanos when they came, of {@link System#nanoTime}
   * @param submittedNanos when they were checked and handed to their shard
   */
  record Publish(int shard, List<NewMessage> messages, long arrivedNanos, long submittedNanos) {}

  /** Whether {@link #onAnswered} has to be told of it. */
  boolean follows(NewMessage message);

  /**
   * Messages were committed and applied, or not.
   *
   * @param outcome null if they failed
   */
  void onAnswered(Publish publish, @Nullable Outcome outcome, @Nullable Throwable failure);

  /** A message was handed to the transport of a subscription. */
  void onDelivered(StoredMessage message, Outbound to);
}
