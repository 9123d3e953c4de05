package org.raftbroker.bench;

import java.util.BitSet;

/**
 * The ids that one fresh subject gave out: 1, 2, 3 … once each. Any thread; ids are at most 2^31-1,
 * far more than a measurement publishes.
 */
final class IdLedger {
  private final BitSet seen = new BitSet();
  private long acknowledged;

  /** Returns false if the id was given before or cannot be one. */
  synchronized boolean acknowledge(long id) {
    if (id < 1 || id > Integer.MAX_VALUE || seen.get((int) id)) {
      return false;
    }
    seen.set((int) id);
    acknowledged++;
    return true;
  }

  /** Ids below the highest one that nobody was given: at most as many as publishes failed. */
  synchronized long gaps() {
    return highest() - acknowledged;
  }

  synchronized long highest() {
    return Math.max(0, seen.length() - 1);
  }
}
