package org.raftbroker.bench;

import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.HdrHistogram.Histogram;

/** Runs a load through its warm-up and its measured time, with a line of progress each second. */
final class Measurement {
  private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final BenchSettings settings;
  private final PrintStream progress;
  private final Runnable eachSecond;

  /**
   * @param eachSecond what else to look at while the load runs
   */
  Measurement(BenchSettings settings, PrintStream progress, Runnable eachSecond) {
    this.settings = settings;
    this.progress = progress;
    this.eachSecond = eachSecond;
  }

  BenchResult run(
      String workload, Map<String, String> parameters, String unit, Load load, Meter meter) {
    double fsyncMillis = FsyncProbe.medianMillis(settings.probeDir());
    meter.nextInterval(); // what was published ahead is not measured
    load.start();
    WarmUp warmUp = settings.warmUp();
    Phase warming = phase("warm-up", warmUp.atMost(), warmUp::isEnough, meter);
    Phase measured = phase("measure", settings.duration(), never -> false, meter);
    // What is still under way when the clock stops belongs to neither phase, but must end well.
    load.stop();
    long failedOutside = sum(warming.failures) + meter.nextInterval().failed();
    load.check(sum(measured.failures) + failedOutside);
    return new BenchResult(
        workload,
        parameters,
        unit,
        Duration.ofMillis(Math.round(warming.seconds * 1000)),
        measured.seconds,
        measured.done,
        measured.micros,
        measured.failures,
        failedOutside,
        meter.violations(),
        fsyncMillis);
  }

  private Phase phase(String name, Duration atMost, Predicate<List<Long>> isEnough, Meter meter) {
    Phase phase = new Phase();
    long start = System.nanoTime();
    long end = start + atMost.toNanos();
    long tick = start;
    while (tick < end && !isEnough.test(phase.doneEachSecond)) {
      long previous = tick;
      sleepUntil(Math.min(end, tick + TICK_NANOS));
      tick = System.nanoTime();
      Meter.Interval interval = meter.nextInterval();
      phase.add(interval);
      eachSecond.run();
      print(name, (tick - start) / 1e9, (tick - previous) / 1e9, interval);
    }
    phase.seconds = (tick - start) / 1e9;
    return phase;
  }

  private void print(String name, double at, double seconds, Meter.Interval interval) {
    Histogram micros = interval.micros();
    String latency =
        micros.getTotalCount() == 0
            ? ""
            : String.format(
                Locale.ROOT,
                "  p50 %s  p99 %s",
                BenchResult.millis(micros.getValueAtPercentile(50)),
                BenchResult.millis(micros.getValueAtPercentile(99)));
    progress.printf(
        Locale.ROOT,
        "%-7s %3.0f s  %,10.0f/s%s%s%n",
        name,
        at,
        interval.done() / seconds,
        latency,
        interval.failed() == 0 ? "" : "  failed " + interval.failures());
  }

  private static void sleepUntil(long nanos) {
    try {
      long left = nanos - System.nanoTime();
      if (left > 0) {
        TimeUnit.NANOSECONDS.sleep(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted", e);
    }
  }

  private static long sum(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Sums of a phase's intervals. */
  private static final class Phase {
    private final Histogram micros = new Histogram(3);
    private final TreeMap<String, Long> failures = new TreeMap<>();
    private final List<Long> doneEachSecond = new ArrayList<>();
    private long done;
    private double seconds;

    void add(Meter.Interval interval) {
      done += interval.done();
      doneEachSecond.add(interval.done());
      micros.add(interval.micros());
      interval.failures().forEach((code, count) -> failures.merge(code, count, Long::sum));
    }
  }
}
