package org.raftbroker.server.delivery;

import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;

/**
 * Some messages of a tail, one after the other. Written under the monitor of {@link TailMemory},
 * and only at its end; read by any thread without a lock.
 */
final class TailChunk {
  /** What a message costs beside its frame: its object, the array's header, its place here. */
  private static final long MESSAGE_OVERHEAD = 64;

  private final SubjectTail tail;
  private final StoredMessage[] messages;
  private final long firstId;

  // Guarded by the monitor of TailMemory.
  private long bytes;

  // Written after the messages it counts, so whoever reads it sees them.
  private volatile int size;

  /**
   * @param capacity most messages, at least 1
   */
  TailChunk(SubjectTail tail, StoredMessage first, int capacity) {
    this.tail = tail;
    this.messages = new StoredMessage[capacity];
    this.firstId = first.id();
    add(first);
  }

  static long bytes(StoredMessage message) {
    return message.frame().length + MESSAGE_OVERHEAD;
  }

  SubjectTail tail() {
    return tail;
  }

  long firstId() {
    return firstId;
  }

  StoredMessage first() {
    return messages[0];
  }

  int size() {
    return size;
  }

  long bytes() {
    return bytes;
  }

  boolean isFull(int maxBytes) {
    return size == messages.length || bytes >= maxBytes;
  }

  void add(StoredMessage message) {
    int at = size;
    messages[at] = message;
    bytes += bytes(message);
    size = at + 1;
  }

  /** The first message here whose id is at least {@code id}; null if all ids are lower. */
  @Nullable StoredMessage firstAtOrAfter(long id) {
    int low = 0;
    int high = size;
    // Without reserved ids between, a message stands where its id says.
    long guess = id - firstId;
    if (guess >= 0 && guess < high && messages[(int) guess].id() == id) {
      return messages[(int) guess];
    }
    int end = high;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (messages[middle].id() < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == end ? null : messages[low];
  }
}
