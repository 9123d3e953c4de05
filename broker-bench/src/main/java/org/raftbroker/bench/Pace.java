package org.raftbroker.bench;

/**
 * When the next frame is to be sent. Open loop: at fixed intervals, however slow the answers are,
 * and latency counts from that moment; a generator that waited for a slow answer and then measured
 * only from its late send would hide the wait. Closed loop: at once. Only touched on one event
 * loop.
 */
final class Pace {
  private final double intervalNanos;
  private final long startNanos;
  private long taken;

  private Pace(double intervalNanos, long startNanos) {
    this.intervalNanos = intervalNanos;
    this.startNanos = startNanos;
  }

  /** 0 a second: closed loop. */
  static Pace of(double framesPerSecond, long startNanos) {
    return new Pace(framesPerSecond == 0 ? 0 : 1e9 / framesPerSecond, startNanos);
  }

  /** Nanoseconds until the next frame is due; 0 or less: now. */
  long untilNext(long nowNanos) {
    return intervalNanos == 0 ? 0 : intended() - nowNanos;
  }

  /** Takes the next frame and returns when it was to be sent. */
  long take(long nowNanos) {
    if (intervalNanos == 0) {
      return nowNanos;
    }
    long intended = intended();
    taken++;
    return intended;
  }

  private long intended() {
    return startNanos + (long) (taken * intervalNanos);
  }
}
