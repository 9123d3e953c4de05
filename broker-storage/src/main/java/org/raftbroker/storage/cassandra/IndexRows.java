package org.raftbroker.storage.cassandra;

import java.util.LinkedHashMap;
import java.util.Map;
import org.raftbroker.message.Subject;

/**
 * The rows of the indexes that this node knows to be in Cassandra, and until when: what is known
 * need not be written again. Forgetting one costs a write, no more. Any thread.
 */
final class IndexRows {
  /** About 150 bytes each; 20,000 subjects under load at a time. */
  private static final int MAX_KNOWN = 40_000;

  /** Guarded by itself. */
  private final Map<Key, Life> knownByKey =
      new LinkedHashMap<>(1024, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Life> eldest) {
          return size() > MAX_KNOWN;
        }
      };

  /**
   * A row of one of the indexes.
   *
   * @param number of the bucket or the epoch
   */
  record Key(Subject subject, boolean isEpoch, long number) {}

  /**
   * Until when a row was asked to live.
   *
   * @param firstMicros the first time that it was written
   * @param untilMicros the last time
   */
  private record Life(long firstMicros, long untilMicros) {}

  boolean covers(Key key, long expiryMicros) {
    synchronized (knownByKey) {
      Life life = knownByKey.get(key);
      return life != null && life.untilMicros >= expiryMicros;
    }
  }

  /**
   * Until when to write a row that is needed until {@code expiryMicros}. Messages that live equally
   * long need the row a little longer with each one that comes, so it gets as much more as its
   * bucket has been open: the number of writes then grows with the logarithm of that time, and the
   * row outlives the messages by no more than it took to fill the bucket.
   */
  long life(Key key, long expiryMicros) {
    synchronized (knownByKey) {
      Life life = knownByKey.get(key);
      if (life == null || expiryMicros == Lifetime.NEVER_MICROS) {
        return expiryMicros;
      }
      long open = Math.max(0, expiryMicros - life.firstMicros);
      return Math.min(expiryMicros + open, Lifetime.NEVER_MICROS - 1);
    }
  }

  void written(Key key, long untilMicros) {
    synchronized (knownByKey) {
      Life life = knownByKey.get(key);
      knownByKey.put(
          key,
          life == null
              ? new Life(untilMicros, untilMicros)
              : new Life(life.firstMicros, Math.max(life.untilMicros, untilMicros)));
    }
  }
}
