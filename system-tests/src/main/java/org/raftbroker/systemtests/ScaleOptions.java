package org.raftbroker.systemtests;

import java.time.Duration;
import java.util.List;

/**
 * What {@code system-tests/scale} was asked for.
 *
 * @param nodes of the cluster, at least three: those found it
 * @param shards of the cluster
 * @param subjects on which one message each is published
 * @param subscribers over all nodes, each of another subject
 * @param idle how long to watch what nodes do while nobody asks anything of them
 * @param maxMoves how many shards may have replicas on the move at a time
 */
record ScaleOptions(
    int nodes, int shards, int subjects, int subscribers, Duration idle, int maxMoves) {
  static final ScaleOptions FULL =
      new ScaleOptions(9, 24, 100_000, 10_000, Duration.ofSeconds(20), 4);
  static final ScaleOptions SHORT = new ScaleOptions(4, 6, 1_000, 200, Duration.ofSeconds(3), 4);

  static final String USAGE =
      """
      usage: system-tests/scale [--short] [--nodes N] [--shards N] [--subjects N] [--subscribers N]
                                [--idle-seconds N] [--max-moves N]
        --short           another default for all of them: 4, 6, 1000, 200, 3, 4
        --nodes N         nodes, 3 to 40; default 9. Each takes half a gibibyte of memory
        --shards N        shards, 1 to 64; default 24
        --subjects N      subjects to publish on, 1 to 10000000; default 100000
        --subscribers N   subscribers, 1 to the number of subjects; default 10000
        --idle-seconds N  how long to watch the idle cluster, 1 to 3600; default 20
        --max-moves N     shards with replicas on the move at a time, 1 to 64; default 4""";

  /**
   * Reads the command line.
   *
   * @throws IllegalArgumentException naming what is wrong
   */
  static ScaleOptions parse(String... args) {
    ScaleOptions defaults = List.of(args).contains("--short") ? SHORT : FULL;
    int nodes = defaults.nodes;
    int shards = defaults.shards;
    int subjects = defaults.subjects;
    int subscribers = defaults.subscribers;
    int idleSeconds = (int) defaults.idle.toSeconds();
    int maxMoves = defaults.maxMoves;
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      if (option.equals("--short")) {
        continue;
      }
      String value = ++i < args.length ? args[i] : "";
      switch (option) {
        case "--nodes" -> nodes = number(option, value, 3, 40);
        case "--shards" -> shards = number(option, value, 1, 64);
        case "--subjects" -> subjects = number(option, value, 1, 10_000_000);
        case "--subscribers" -> subscribers = number(option, value, 1, 10_000_000);
        case "--idle-seconds" -> idleSeconds = number(option, value, 1, 3600);
        case "--max-moves" -> maxMoves = number(option, value, 1, 64);
        default -> throw new IllegalArgumentException("there is no option " + option);
      }
    }
    if (subscribers > subjects) {
      throw new IllegalArgumentException(
          "%d subscribers need as many subjects, not %d: each has one of its own (--subscribers, --subjects)"
              .formatted(subscribers, subjects));
    }
    return new ScaleOptions(
        nodes, shards, subjects, subscribers, Duration.ofSeconds(idleSeconds), maxMoves);
  }

  private static int number(String option, String value, int min, int max) {
    try {
      int number = Integer.parseInt(value);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(bad(option, value, min, max), e);
    }
    throw new IllegalArgumentException(bad(option, value, min, max));
  }

  private static String bad(String option, String value, int min, int max) {
    return option + " needs a number from " + min + " to " + max + ", not \"" + value + "\"";
  }
}
