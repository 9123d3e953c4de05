package org.raftbroker.client;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One call's search for a node that answers: how long the current node may be silent, and after a
 * failure, whether it goes on. Begins when it is made. Not thread-safe.
 */
final class Search {
  /** Less would not be worth asking. */
  private static final Duration SHORTEST_ATTEMPT = Duration.ofSeconds(1);

  private final Times times;
  private final Rounds rounds;
  private final long startNanos = System.nanoTime();
  private @Nullable BrokerClientException telling;

  Search(Nodes nodes, Times times) {
    this.times = times;
    this.rounds = new Rounds(nodes);
  }

  /** What is left of the timeout; never less than nothing. */
  Duration left() {
    Duration left = times.timeout().minus(elapsed());
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** How long the current node may be silent: one that is must not use up the others' time. */
  Duration share() {
    Duration fair = left().dividedBy(rounds.unasked());
    return min(min(max(fair, SHORTEST_ATTEMPT), times.attemptTimeout()), left());
  }

  /**
   * Turns to the node that is to be asked next.
   *
   * @return how long to wait before
   * @throws BrokerClientException if the time or the patience is over: the failure that tells most
   */
  Duration next(BrokerClientException failure) {
    // What a node said tells more than that another one, or another try, got no answer.
    BrokerClientException most =
        telling == null || telling.reason().isEmpty() || !failure.reason().isEmpty()
            ? failure
            : telling;
    telling = most;
    Duration wait = rounds.next(failure);
    Duration bound = wait.isZero() ? times.timeout() : min(times.patience(), times.timeout());
    if (elapsed().plus(wait).compareTo(bound) >= 0) {
      throw most;
    }
    return wait;
  }

  private Duration elapsed() {
    return Duration.ofNanos(System.nanoTime() - startNanos);
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static Duration max(Duration a, Duration b) {
    return a.compareTo(b) > 0 ? a : b;
  }
}
