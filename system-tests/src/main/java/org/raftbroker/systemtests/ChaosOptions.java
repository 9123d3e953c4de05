package org.raftbroker.systemtests;

import java.time.Duration;
import java.util.Random;

/**
 * What {@code system-tests/chaos} was asked for.
 *
 * @param duration how long clients publish
 * @param killEvery from one kill to the next, or until all nodes are back if that takes longer
 * @param messagesPerSecond of each of the nine publishers, at most
 * @param longestStretch a longer time without a successful publish fails the run
 * @param seed of every random choice; the timing of processes is not among them
 */
record ChaosOptions(
    Duration duration,
    Duration killEvery,
    double messagesPerSecond,
    Duration longestStretch,
    long seed) {
  static final String USAGE =
      """
      usage: system-tests/chaos [--seconds N] [--kill-every N] [--rate N] [--max-stretch N] [--seed N]
        --seconds N      how long to publish; default 60
        --kill-every N   seconds from one kill to the next, if the first one is back by then; default 10
        --rate N         messages a second of each of the nine publishers, at most; default 150
        --max-stretch N  seconds without a successful publish that fail the run; default 3
        --seed N         repeats the choices of an earlier run; default: a new one each time""";

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  static ChaosOptions parse(String... args) {
    double seconds = 60;
    double killEvery = 10;
    double rate = 150;
    double maxStretch = 3;
    long seed = new Random().nextInt(Integer.MAX_VALUE);
    for (int i = 0; i < args.length; i += 2) {
      String option = args[i];
      if (i + 1 == args.length) {
        throw new IllegalArgumentException(option + " needs a number, or is not an option");
      }
      String value = args[i + 1];
      switch (option) {
        case "--seconds" -> seconds = positive(option, value);
        case "--kill-every" -> killEvery = positive(option, value);
        case "--rate" -> rate = positive(option, value);
        case "--max-stretch" -> maxStretch = positive(option, value);
        case "--seed" -> seed = (long) positive(option, value);
        default -> throw new IllegalArgumentException("there is no option " + option);
      }
    }
    return new ChaosOptions(
        ofSeconds(seconds), ofSeconds(killEvery), rate, ofSeconds(maxStretch), seed);
  }

  private static double positive(String option, String value) {
    try {
      double number = Double.parseDouble(value);
      if (number > 0 && number < Long.MAX_VALUE) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(option + " needs a number, not \"" + value + "\"", e);
    }
    throw new IllegalArgumentException(option + " needs a number above 0, not \"" + value + "\"");
  }

  private static Duration ofSeconds(double seconds) {
    return Duration.ofMillis((long) (seconds * 1000));
  }
}
