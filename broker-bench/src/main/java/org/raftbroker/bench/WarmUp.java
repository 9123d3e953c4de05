package org.raftbroker.bench;

import java.time.Duration;
import java.util.List;

/**
 * How long a load runs before it is measured: a JVM that has just started is several times slower,
 * and on two cores three nodes and the load take a minute or more until their code is compiled.
 *
 * @param atLeast how long in any case
 * @param atMost up to then it goes on while the rate still rises
 */
public record WarmUp(Duration atLeast, Duration atMost) {
  /** Until the rate has stopped rising. */
  public static final WarmUp UNTIL_STEADY =
      new WarmUp(Duration.ofSeconds(40), Duration.ofMinutes(3));

  /** Long enough for a rate to be told from the noise of a shared machine. */
  private static final int WINDOW_SECONDS = 20;

  private static final double RISING = 1.05;

  public WarmUp {
    if (atLeast.isNegative() || atMost.compareTo(atLeast) < 0) {
      throw new BenchException("warm-up must not be negative (--warm-up)");
    }
  }

  /** Exactly so long, whatever the rate does. */
  public static WarmUp of(Duration length) {
    return new WarmUp(length, length);
  }

  /**
   * Whether to measure now.
   *
   * @param doneEachSecond what each second of the warm-up has done
   */
  boolean isEnough(List<Long> doneEachSecond) {
    int seconds = doneEachSecond.size();
    if (seconds < Math.max(atLeast.toSeconds(), 2 * WINDOW_SECONDS)) {
      return false;
    }
    long before = sum(doneEachSecond, seconds - 2 * WINDOW_SECONDS);
    long now = sum(doneEachSecond, seconds - WINDOW_SECONDS);
    return now <= RISING * before;
  }

  private static long sum(List<Long> doneEachSecond, int from) {
    return doneEachSecond.subList(from, from + WINDOW_SECONDS).stream()
        .mapToLong(Long::longValue)
        .sum();
  }
}
