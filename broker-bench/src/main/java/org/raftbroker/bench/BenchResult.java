package org.raftbroker.bench;

import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/**
 * What was measured.
 *
 * @param parameters what the workload was run with, in the order to show
 * @param unit what was counted: messages, deliveries
 * @param seconds measured time, warm-up excluded
 * @param count how many units in that time
 * @param micros latencies in microseconds; empty if they mean nothing for the workload
 * @param failures failed messages of the measured time by gRPC code
 * @param failedOutside failed while warming up or ending
 * @param violations what the contract rules out and yet happened, by rule; empty if all is well
 * @param fsyncMillis median of making 4 KiB durable on this machine
 */
public record BenchResult(
    String workload,
    Map<String, String> parameters,
    String unit,
    Duration warmUp,
    double seconds,
    long count,
    Histogram micros,
    SortedMap<String, Long> failures,
    long failedOutside,
    SortedMap<String, Long> violations,
    double fsyncMillis) {

  private static final double[] PERCENTILES = {50, 90, 99, 99.9, 100};

  public BenchResult {
    parameters = Collections.unmodifiableMap(new LinkedHashMap<>(parameters));
    failures = Collections.unmodifiableSortedMap(new TreeMap<>(failures));
    violations = Collections.unmodifiableSortedMap(new TreeMap<>(violations));
  }

  public double perSecond() {
    return count / seconds;
  }

  public double percentileMillis(double percentile) {
    return micros.getValueAtPercentile(percentile) / (double) TimeUnit.MILLISECONDS.toMicros(1);
  }

  /** Whether everything that was checked held. */
  public boolean verified() {
    return violations.isEmpty();
  }

  public String text() {
    StringBuilder text = new StringBuilder();
    String shown =
        parameters.entrySet().stream()
            .map(entry -> entry.getKey() + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    line(text, workload, shown);
    line(
        text,
        "  rate",
        String.format(
            Locale.ROOT, "%,.0f %s/s (%,d in %.1f s)", perSecond(), unit, count, seconds));
    if (micros.getTotalCount() > 0) {
      StringBuilder latency = new StringBuilder();
      for (double percentile : PERCENTILES) {
        latency
            .append(label(percentile))
            .append(' ')
            .append(millis(micros.getValueAtPercentile(percentile)))
            .append("  ");
      }
      line(text, "  latency", latency.toString().strip());
    }
    line(text, "  failed", failures.isEmpty() ? "none" : failures.toString());
    if (failedOutside > 0) {
      line(text, "  ", failedOutside + " more failed outside the measured time");
    }
    line(text, "  verified", verified() ? "ids and order hold" : "VIOLATED " + violations);
    line(text, "  warm-up", warmUpText());
    line(
        text,
        "  disk",
        String.format(Locale.ROOT, "4 KiB durable in %.2f ms (median)", fsyncMillis));
    return text.toString();
  }

  public String json() {
    StringWriter buffer = new StringWriter();
    try (JsonWriter json = new JsonWriter(buffer)) {
      write(json);
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return buffer.toString();
  }

  void write(JsonWriter json) throws IOException {
    json.beginObject().name("workload").value(workload);
    json.name("parameters").beginObject();
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      json.name(parameter.getKey()).value(parameter.getValue());
    }
    json.endObject();
    json.name("unit").value(unit);
    json.name("warmUpSeconds").value(warmUp.toMillis() / 1000.0);
    json.name("seconds").value(seconds);
    json.name("count").value(count);
    json.name("perSecond").value(perSecond());
    if (micros.getTotalCount() > 0) {
      json.name("latencyMillis").beginObject();
      for (double percentile : PERCENTILES) {
        json.name(label(percentile)).value(percentileMillis(percentile));
      }
      json.endObject();
    }
    counts(json.name("failures"), failures);
    json.name("failedOutsideMeasuredTime").value(failedOutside);
    json.name("verified").value(verified());
    counts(json.name("violations"), violations);
    json.name("fsyncMillis").value(fsyncMillis);
    json.endObject();
  }

  /** A latency as people read it. */
  static String millis(long micros) {
    double millis = micros / (double) TimeUnit.MILLISECONDS.toMicros(1);
    return String.format(Locale.ROOT, millis < 10 ? "%.2f ms" : "%.1f ms", millis);
  }

  private String warmUpText() {
    String length = String.format(Locale.ROOT, "%.0f s", warmUp.toMillis() / 1000.0);
    return warmUp.compareTo(WarmUp.UNTIL_STEADY.atLeast()) >= 0
        ? length
        : length
            + ", shorter than "
            + WarmUp.UNTIL_STEADY.atLeast().toSeconds()
            + " s: code may not be compiled yet, so expect lower rates than a warm node has";
  }

  private static void counts(JsonWriter json, Map<String, Long> counts) throws IOException {
    json.beginObject();
    for (Map.Entry<String, Long> count : counts.entrySet()) {
      json.name(count.getKey()).value(count.getValue());
    }
    json.endObject();
  }

  private static String label(double percentile) {
    if (percentile == 100) {
      return "max";
    }
    return percentile == Math.rint(percentile) ? "p" + (long) percentile : "p" + percentile;
  }

  private static void line(StringBuilder text, String name, String value) {
    text.append(String.format(Locale.ROOT, "%-12s%s%n", name, value));
  }
}
