package org.raftbroker.client;

import java.time.Duration;

/**
 * How long to wait before the next attempt: twice as long each time, up to a second, so that nodes
 * that are starting are not kept from it. Not thread-safe.
 */
final class Pause {
  private static final long FIRST_MILLIS = 50;
  private static final long LONGEST_MILLIS = 1000;

  private long millis = FIRST_MILLIS;

  /** At least as long as the node has asked for. */
  Duration next(BrokerClientException failure) {
    Duration pause = Duration.ofMillis(millis);
    millis = Math.min(2 * millis, LONGEST_MILLIS);
    Duration asked = failure.retryAfter().orElse(Duration.ZERO);
    return pause.compareTo(asked) < 0 ? asked : pause;
  }

  /** Something worked. */
  void reset() {
    millis = FIRST_MILLIS;
  }
}
