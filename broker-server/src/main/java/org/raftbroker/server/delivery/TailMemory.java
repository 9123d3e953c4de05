package org.raftbroker.server.delivery;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * Bounds what all tails of a node keep in memory: past the bound the longest kept chunk goes,
 * whichever subject it belongs to, so that a busy subject gets the memory of idle ones.
 *
 * <p>Its monitor guards every change of every tail. It is held for one run of messages of one
 * subject, for no longer than it takes to store their references; readers never take it.
 */
final class TailMemory {
  private static final int MAX_CHUNK_BYTES = 64 * 1024;

  /** So that dropping a chunk drops a small part of a tail. */
  private static final int CHUNKS_A_TAIL = 16;

  private final long maxBytes;
  private final long maxTailBytes;
  private final Set<TailChunk> oldestFirst = new LinkedHashSet<>();
  private long bytes;

  /**
   * @param maxBytes for all tails together
   * @param maxTailBytes for each
   */
  TailMemory(long maxBytes, long maxTailBytes) {
    this.maxBytes = maxBytes;
    this.maxTailBytes = Math.min(maxBytes, maxTailBytes);
  }

  long maxTailBytes() {
    return maxTailBytes;
  }

  int chunkBytes() {
    return (int) Math.min(MAX_CHUNK_BYTES, maxTailBytes / CHUNKS_A_TAIL);
  }

  synchronized long bytes() {
    return bytes;
  }

  synchronized void add(TailChunk chunk) {
    oldestFirst.add(chunk);
  }

  /** Takes note of {@code by} more bytes, and drops what is then too much. */
  synchronized void grow(long by) {
    bytes += by;
    while (bytes > maxBytes) {
      oldestFirst.iterator().next().tail().dropOldest();
    }
  }

  synchronized void remove(TailChunk chunk) {
    if (!oldestFirst.remove(chunk)) {
      throw new IllegalStateException("a chunk was dropped twice");
    }
    bytes -= chunk.bytes();
  }
}
