package org.raftbroker.raft;

import java.util.List;
import org.raftbroker.message.StoredMessage;

/**
 * What one read of a subject brought.
 *
 * @param messages by rising ids
 * @param completeTo everything up to this id, and from where the read began, is among the messages
 *     or not there
 */
public record MessageRun(List<StoredMessage> messages, long completeTo) {
  public static final MessageRun EMPTY = new MessageRun(List.of(), 0);

  public MessageRun {
    messages = List.copyOf(messages);
  }

  /** An id that the subject has surely reached. */
  public long knownHead() {
    return messages.isEmpty()
        ? completeTo
        : Math.max(completeTo, messages.get(messages.size() - 1).id());
  }

  /**
   * Whether it brought nothing although the subject goes further than the replica that was read.
   */
  public boolean isShortOf(long head) {
    return messages.isEmpty() && completeTo < head;
  }
}
