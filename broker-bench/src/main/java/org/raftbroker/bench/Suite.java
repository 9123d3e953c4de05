package org.raftbroker.bench;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The project's own goals for three nodes and the load on one machine, measured one after the
 * other. It prints and does not judge the build: machines differ.
 */
public final class Suite {
  private static final int SUBSCRIBERS = 100;
  private static final int FANOUT_OUTSTANDING = 256;
  private static final int STORED_TO_FETCH = 100_000;
  private static final Duration IDLE_SETTLE = Duration.ofSeconds(10);
  private static final Duration IDLE_MEASURED = Duration.ofSeconds(20);
  private static final long MIB = 1024 * 1024;
  private static final long MAX_RESIDENT_MIB = 512;
  private static final double MAX_IDLE_PERCENT = 5;

  private final BenchSettings settings;
  private final PrintStream progress;
  private final List<Long> pids;
  private final List<Row> rows = new ArrayList<>();
  private final List<BenchResult> results = new ArrayList<>();
  private long highestResidentBytes;

  /** A goal and what became of it. */
  private record Row(String workload, String toReach, String reached, boolean met) {}

  /**
   * @param pids the nodes' processes, if they run on this machine; without them memory and idle use
   *     are left out
   */
  public Suite(BenchSettings settings, List<Long> pids, PrintStream progress) {
    this.settings = settings;
    this.pids = List.copyOf(pids);
    this.progress = progress;
  }

  public void run() {
    Workloads workloads = new Workloads(settings, progress, this::lookAtMemory);
    goal(
        "Publish, 512 outstanding",
        "≥ 25,000/s, p99 ≤ 60 ms",
        workloads.publish(PublishMode.UNARY, 512, 1),
        result -> result.perSecond() >= 25_000 && result.percentileMillis(99) <= 60);
    goal(
        "Publish, 1 outstanding",
        "p50 ≤ 3 ms",
        workloads.publish(PublishMode.UNARY, 1, 1),
        result -> result.percentileMillis(50) <= 3);
    goal(
        "PublishStream, frames of 100, 6,400 outstanding",
        "≥ 110,000/s",
        workloads.publish(PublishMode.STREAM, 6400, 100),
        result -> result.perSecond() >= 110_000);
    goal(
        "PublishStream, one message a frame, 4,096 outstanding",
        "≥ 60,000/s",
        workloads.publish(PublishMode.STREAM, 4096, 1),
        result -> result.perSecond() >= 60_000);
    goal(
        "fan-out, 1 publisher to " + SUBSCRIBERS + " subscribers",
        "≥ 250,000 deliveries/s",
        workloads.fanout(SUBSCRIBERS, 1, FANOUT_OUTSTANDING),
        result -> result.perSecond() >= 250_000);
    goal(
        "Fetch, 64 outstanding",
        "≥ 50,000/s",
        workloads.fetch(64, STORED_TO_FETCH),
        result -> result.perSecond() >= 50_000);
    if (!pids.isEmpty()) {
      long mib = highestResidentBytes / MIB;
      rows.add(
          new Row(
              "memory, largest node under this load",
              "≤ " + MAX_RESIDENT_MIB + " MiB resident",
              mib + " MiB",
              mib <= MAX_RESIDENT_MIB));
      measureIdle();
    }
  }

  public boolean verified() {
    return results.stream().allMatch(BenchResult::verified);
  }

  public String markdown() {
    StringBuilder table = new StringBuilder();
    table.append("| workload | to reach | reached | |\n| --- | --- | --- | --- |\n");
    for (Row row : rows) {
      table.append(
          String.format(
              Locale.ROOT,
              "| %s | %s | %s | %s |%n",
              row.workload,
              row.toReach,
              row.reached,
              row.met ? "met" : "**not met**"));
    }
    BenchResult first = results.get(0);
    table.append(
        String.format(
            Locale.ROOT,
            "%n%d nodes, %d subjects, %d-byte bodies, %d s measured each after the warm-up;"
                + " 4 KiB durable in %.2f ms (median). %s%n",
            settings.servers().size(),
            settings.subjects(),
            settings.bodyBytes(),
            settings.duration().toSeconds(),
            first.fsyncMillis(),
            verified() ? "Ids and order held in every run." : "**Ids or order were VIOLATED.**"));
    return table.toString();
  }

  public String json() {
    StringWriter buffer = new StringWriter();
    try (JsonWriter json = new JsonWriter(buffer)) {
      json.beginObject().name("goals").beginArray();
      for (Row row : rows) {
        json.beginObject();
        json.name("workload").value(row.workload);
        json.name("toReach").value(row.toReach);
        json.name("reached").value(row.reached);
        json.name("met").value(row.met);
        json.endObject();
      }
      json.endArray().name("results").beginArray();
      for (BenchResult result : results) {
        result.write(json);
      }
      json.endArray().endObject();
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return buffer.toString();
  }

  private void goal(
      String name, String toReach, BenchResult result, Predicate<BenchResult> reached) {
    results.add(result);
    progress.println(result.text());
    long failed = result.failures().values().stream().mapToLong(Long::longValue).sum();
    String shown =
        String.format(Locale.ROOT, "%,.0f/s", result.perSecond())
            + (result.micros().getTotalCount() == 0
                ? ""
                : String.format(
                    Locale.ROOT,
                    ", p50 %.1f ms, p99 %.1f ms",
                    result.percentileMillis(50),
                    result.percentileMillis(99)))
            + (failed == 0 ? "" : ", failed " + result.failures())
            + (result.verified() ? "" : ", VIOLATED " + result.violations());
    rows.add(new Row(name, toReach, shown, reached.test(result) && result.verified()));
  }

  private void lookAtMemory() {
    for (long pid : pids) {
      highestResidentBytes = Math.max(highestResidentBytes, ProcessStat.residentBytes(pid));
    }
  }

  private void measureIdle() {
    progress.printf("nodes idle for %d s%n", IDLE_SETTLE.plus(IDLE_MEASURED).toSeconds());
    pause(IDLE_SETTLE);
    double before = cpuSeconds();
    pause(IDLE_MEASURED);
    double percent = (cpuSeconds() - before) * 100 / IDLE_MEASURED.toSeconds();
    rows.add(
        new Row(
            "idle, all nodes together",
            "< " + Math.round(MAX_IDLE_PERCENT) + " % of one core",
            String.format(Locale.ROOT, "%.1f %%", percent),
            percent < MAX_IDLE_PERCENT));
  }

  private double cpuSeconds() {
    return pids.stream().mapToDouble(ProcessStat::cpuSeconds).sum();
  }

  private static void pause(Duration length) {
    try {
      TimeUnit.NANOSECONDS.sleep(length.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted", e);
    }
  }
}
