package org.raftbroker.systemtests.load;

import java.util.concurrent.locks.LockSupport;

/** Keeps one thread at or below a rate. A pause is not made up for by a burst. */
final class Pace {
  private final long periodNanos;
  private long nextAtNanos = System.nanoTime();

  Pace(double perSecond) {
    this.periodNanos = (long) (1_000_000_000 / perSecond);
  }

  void await() {
    for (long wait = nextAtNanos - System.nanoTime();
        wait > 0 && !Thread.currentThread().isInterrupted();
        wait = nextAtNanos - System.nanoTime()) {
      LockSupport.parkNanos(wait);
    }
    nextAtNanos = Math.max(nextAtNanos + periodNanos, System.nanoTime());
  }
}
