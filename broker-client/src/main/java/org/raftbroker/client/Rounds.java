package org.raftbroker.client;

import java.time.Duration;

/**
 * Where a call goes on after a failure, and when: at once, at the next node, as long as one has not
 * failed yet in this round; when all have, after a pause, twice as long each time, up to a second,
 * so that nodes that are starting are not kept from it. Not thread-safe.
 */
final class Rounds {
  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LONGEST_PAUSE_MILLIS = 1000;

  private final Nodes nodes;
  private int failed;
  private long pauseMillis = FIRST_PAUSE_MILLIS;

  Rounds(Nodes nodes) {
    this.nodes = nodes;
  }

  /** How many nodes are still to be asked in this round, the current one included; at least 1. */
  int unasked() {
    return Math.max(1, nodes.count() - failed);
  }

  /**
   * Turns to the node that is to be asked next.
   *
   * @return how long to wait before; zero: not at all, as it was not asked yet in this round
   */
  Duration next(BrokerClientException failure) {
    // A node that wants a pause is well: the others are not asked instead.
    if (!failure.wantsPause()) {
      nodes.failed(failure.node());
      if (++failed < nodes.count()) {
        return Duration.ZERO;
      }
      failed = 0;
    }
    return pause(failure.retryAfter().orElse(Duration.ZERO));
  }

  /** Something worked. */
  void reset() {
    failed = 0;
    pauseMillis = FIRST_PAUSE_MILLIS;
  }

  private Duration pause(Duration atLeast) {
    Duration pause = Duration.ofMillis(pauseMillis);
    pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
    return pause.compareTo(atLeast) < 0 ? atLeast : pause;
  }
}
