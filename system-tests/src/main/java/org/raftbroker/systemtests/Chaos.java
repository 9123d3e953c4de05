package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.DirectoryTree;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.history.Finding.Kind;
import org.raftbroker.systemtests.history.Verdict;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/**
 * Publishes, subscribes, fetches and reserves at all nodes of a cluster of its own while it kills a
 * random node from time to time and starts it again; then says whether anything was lost, doubled
 * or reordered. The command {@code system-tests/chaos}.
 */
public final class Chaos {
  private static final Duration SETTLE_BOUND = Duration.ofSeconds(90);
  private static final Duration REPORT_PERIOD = Duration.ofSeconds(1);
  private static final int SHORTEST_OUTAGE_MILLIS = 500;
  private static final int OUTAGE_SPREAD_MILLIS = 1_500;

  private final ChaosOptions options;
  private final PrintStream out;
  private final Random random;
  private final long startedAtNanos = System.nanoTime();

  private Chaos(ChaosOptions options, PrintStream out) {
    this.options = options;
    this.out = out;
    this.random = new Random(options.seed());
  }

  /** Exit code 0: nothing broken; 1: something was; 2: wrong options. */
  public static void main(String[] args) throws IOException, InterruptedException {
    ChaosOptions options;
    try {
      options = ChaosOptions.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      System.err.println(ChaosOptions.USAGE);
      System.exit(2);
      return;
    }
    Path directory = Files.createTempDirectory("raftbroker-chaos");
    boolean passed = new Chaos(options, System.out).run(directory);
    if (passed) {
      DirectoryTree.delete(directory);
    } else {
      System.out.println("data and logs of the nodes are kept in " + directory);
    }
    System.exit(passed ? 0 : 1);
  }

  /** Runs and reports; true if nothing is broken. */
  private boolean run(Path directory) throws InterruptedException {
    out.println("seed " + options.seed() + "; nodes' logs in " + directory.resolve("logs"));
    try (LocalCluster cluster =
        LocalCluster.start(ClusterSpec.DEFAULT, directory, directory.resolve("logs"))) {
      LoadPlan plan = LoadPlan.mixed("chaos").withMessagesPerSecond(options.messagesPerSecond());
      try (Load load = Load.start(plan, cluster.clients(), random.nextLong())) {
        disturb(cluster, load);
        load.stop();
        say(load, "the clients have stopped; reading everything back from every node");
        cluster.makeWhole();
        return report(load, load.settle(SETTLE_BOUND));
      }
    }
  }

  private void disturb(LocalCluster cluster, Load load) {
    long end = System.nanoTime() + options.duration().toNanos();
    long nextKill = System.nanoTime() + options.killEvery().toNanos();
    while (true) {
      goUntil(Math.min(nextKill, end), load);
      if (System.nanoTime() - end >= 0) {
        return;
      }
      nextKill = System.nanoTime() + options.killEvery().toNanos();
      int victim = 1 + random.nextInt(cluster.size());
      cluster.node(victim).kill();
      say(load, "killed " + cluster.node(victim).id());
      long outageMillis = (long) SHORTEST_OUTAGE_MILLIS + random.nextInt(OUTAGE_SPREAD_MILLIS);
      goUntil(System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(outageMillis), load);
      // Until it is ready: two nodes down at once would be a lost majority, another story.
      cluster.restart(victim);
      say(load, cluster.node(victim).id() + " is back");
    }
  }

  /** Lets the load go on for a while, reporting. */
  private void goUntil(long nanos, Load load) {
    while (nanos - System.nanoTime() > 0) {
      long next = Math.min(System.nanoTime() + REPORT_PERIOD.toNanos(), nanos);
      for (long left = next - System.nanoTime(); left > 0; left = next - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      say(load, "");
    }
  }

  private void say(Load load, String event) {
    out.printf(
        "%4d s  acknowledged %,9d  retries %,6d  %s%n",
        Duration.ofNanos(System.nanoTime() - startedAtNanos).toSeconds(),
        load.acknowledged(),
        load.retries(),
        event);
  }

  private boolean report(Load load, Verdict verdict) {
    Duration stretch = load.longestStretchWithoutAcknowledgement();
    boolean tooLong = stretch.compareTo(options.longestStretch()) > 0;
    boolean passed = verdict.findings().isEmpty() && load.givenUp() == 0 && !tooLong;
    out.println(verdict);
    out.printf(
        "acknowledged %,d, lost %d, duplicated %d, reordered %d, given up %d, longest stretch without"
            + " a successful publish %.3f s (bound %.1f s), seed %d: %s%n",
        verdict.acknowledged(),
        verdict.count(Kind.LOST) + verdict.count(Kind.STREAM_GAP),
        verdict.count(Kind.DUPLICATED) + verdict.count(Kind.STREAM_DUPLICATE),
        verdict.count(Kind.REORDERED) + verdict.count(Kind.STREAM_REORDERED),
        load.givenUp(),
        stretch.toMillis() / 1000.0,
        options.longestStretch().toMillis() / 1000.0,
        options.seed(),
        passed ? "PASS" : "FAIL");
    return passed;
  }
}
