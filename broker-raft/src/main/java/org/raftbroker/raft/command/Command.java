package org.raftbroker.raft.command;

import java.util.List;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Subject;

/**
 * A change to one shard, as the Raft log carries it; every replica applies the same commands in the
 * same order.
 */
public sealed interface Command {
  /** Give each message the next id of its subject. */
  record AppendBatch(List<NewMessage> messages) implements Command {
    public AppendBatch {
      messages = List.copyOf(messages);
    }
  }

  /** Take the next {@code count} ids of a subject without messages. */
  record ReserveIds(Subject subject, int count) implements Command {}

  /**
   * Remove at most {@code maxRows} messages and at most as many idempotency keys that are past
   * their time.
   */
  record Expire(int maxRows) implements Command {}
}
