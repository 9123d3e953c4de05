package org.raftbroker.bench;

import io.grpc.Status;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.Recorder;

/** Counts what is done, how long it took, what failed and what was wrong. Any thread. */
final class Meter {
  private static final long HIGHEST_MICROS = TimeUnit.MINUTES.toMicros(10);
  private static final int DIGITS = 3;

  private final LongAdder done = new LongAdder();
  private final Recorder micros = new Recorder(1, HIGHEST_MICROS, DIGITS);
  private final Map<String, LongAdder> failures = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> violations = new ConcurrentHashMap<>();

  /** What happened since the interval before. */
  record Interval(long done, Histogram micros, SortedMap<String, Long> failures) {
    long failed() {
      return failures.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  /** Messages that took since {@code startNanos}. */
  void done(long startNanos, int messages) {
    done.add(messages);
    long elapsed = TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - startNanos);
    micros.recordValueWithCount(Math.max(0, Math.min(elapsed, HIGHEST_MICROS)), messages);
  }

  /** Messages whose latency means nothing, as when they are read back. */
  void done(int messages) {
    done.add(messages);
  }

  void failed(Status status, int messages) {
    failures.computeIfAbsent(status.getCode().name(), code -> new LongAdder()).add(messages);
  }

  /** Something that the contract rules out. */
  void violated(String rule, long times) {
    violations.computeIfAbsent(rule, r -> new LongAdder()).add(times);
  }

  /** One caller only. */
  Interval nextInterval() {
    SortedMap<String, Long> failed = new TreeMap<>();
    failures.forEach(
        (code, count) -> {
          long sum = count.sumThenReset();
          if (sum > 0) {
            failed.put(code, sum);
          }
        });
    return new Interval(done.sumThenReset(), micros.getIntervalHistogram(), failed);
  }

  /** Over the whole run: a violation while warming up is one. */
  SortedMap<String, Long> violations() {
    SortedMap<String, Long> all = new TreeMap<>();
    violations.forEach((rule, count) -> all.put(rule, count.sum()));
    return all;
  }
}
