package org.raftbroker.server.delivery;

import java.util.List;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ShardReader;

/**
 * What one read of the store brought.
 *
 * @param messages by rising ids
 * @param completeTo everything up to this id, and from where the read began, is among the messages
 *     or not there
 */
record StoreRun(List<StoredMessage> messages, long completeTo) {
  static final StoreRun EMPTY = new StoreRun(List.of(), 0);

  /** An id that the subject has surely reached. */
  long knownHead() {
    return messages.isEmpty()
        ? completeTo
        : Math.max(completeTo, messages.get(messages.size() - 1).id());
  }

  /** May touch the disk. */
  static StoreRun read(ShardReader reader, Subject subject, long fromId, int maxBytes) {
    // Before the messages: what is applied in between is then after completeTo, not lost below it.
    long head = reader.head(subject);
    List<StoredMessage> messages = reader.read(subject, fromId, maxBytes);
    long bytes = 0;
    for (StoredMessage message : messages) {
      bytes += message.frame().length;
    }
    if (bytes < maxBytes) {
      return new StoreRun(messages, head);
    }
    return new StoreRun(messages, messages.get(messages.size() - 1).id());
  }
}
