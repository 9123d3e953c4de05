package org.raftbroker.server.delivery;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.StoredMessage;

/**
 * The newest messages of one subject, shared by all its subscriptions: without a hole from some id
 * on, up to the newest; each message names the one before it, which proves that. Filled on the
 * shard's apply thread; its oldest go on any apply thread, when the node's memory for tails is used
 * up; read by any thread, without a lock.
 *
 * <p>A message that alone exceeds the bound is not kept, nor is anything before it: whoever needs
 * it reads the store.
 */
final class SubjectTail {
  private static final TailChunk[] EMPTY = {};
  private static final int FIRST_CHUNK_MESSAGES = 16;
  private static final int MAX_CHUNK_MESSAGES = 256;

  private final TailMemory memory;

  // Replaced, never changed, under the monitor of memory.
  private volatile TailChunk[] chunks = EMPTY;

  // Guarded by the monitor of memory.
  private long bytes;
  private long lastId;
  private boolean closed;

  SubjectTail(TailMemory memory) {
    this.memory = memory;
  }

  /**
   * Adds messages of this subject. Those that it was given before are passed over: a replica that
   * is rebuilt applies its log once more. If a message is missing before one of them, what was
   * before is forgotten, so that no reader steps over the hole.
   *
   * @param messages by rising ids
   */
  void append(List<StoredMessage> messages) {
    synchronized (memory) {
      if (closed) {
        return;
      }
      for (StoredMessage message : messages) {
        if (message.id() > lastId) {
          append(message);
        }
      }
    }
  }

  private void append(StoredMessage message) {
    if (message.id() != lastId + 1 && MessageFrame.previousId(message.frame()) != lastId) {
      reset();
    }
    lastId = message.id();
    TailChunk[] now = chunks;
    TailChunk last = now.length == 0 ? null : now[now.length - 1];
    if (last == null || last.isFull(memory.chunkBytes())) {
      // Small at first: most subjects are quiet, and there may be many.
      int capacity =
          last == null ? FIRST_CHUNK_MESSAGES : Math.min(MAX_CHUNK_MESSAGES, 2 * last.size());
      TailChunk chunk = new TailChunk(this, message, capacity);
      TailChunk[] more = Arrays.copyOf(now, now.length + 1);
      more[now.length] = chunk;
      memory.add(chunk);
      chunks = more;
    } else {
      last.add(message);
    }
    bytes += TailChunk.bytes(message);
    memory.grow(TailChunk.bytes(message));
    while (bytes > memory.maxTailBytes()) {
      dropOldest();
    }
  }

  /** Called with the monitor of memory. */
  void dropOldest() {
    TailChunk[] now = chunks;
    chunks = now.length == 1 ? EMPTY : Arrays.copyOfRange(now, 1, now.length);
    bytes -= now[0].bytes();
    memory.remove(now[0]);
  }

  /** Forgets everything: there is a hole between it and what comes next. */
  void reset() {
    synchronized (memory) {
      while (chunks.length > 0) {
        dropOldest();
      }
    }
  }

  /** Forgets everything and keeps nothing from now on. */
  void close() {
    synchronized (memory) {
      closed = true;
      reset();
    }
  }

  /**
   * The first message whose id is at least {@code id}.
   *
   * @return null if this tail cannot tell: it begins after {@code id}, or ends before it. Then the
   *     store has the message, unless {@code id} is past the head
   */
  @Nullable StoredMessage firstAtOrAfter(long id) {
    TailChunk[] now = chunks;
    if (now.length == 0 || id < now[0].firstId()) {
      return null;
    }
    // Whoever keeps up is in the last one.
    int at = now.length - 1;
    if (id < now[at].firstId()) {
      int low = 0;
      while (at - low > 1) {
        int middle = (low + at) >>> 1;
        if (now[middle].firstId() <= id) {
          low = middle;
        } else {
          at = middle;
        }
      }
      at = low;
    }
    StoredMessage message = now[at].firstAtOrAfter(id);
    return message == null && at + 1 < now.length ? now[at + 1].first() : message;
  }
}
