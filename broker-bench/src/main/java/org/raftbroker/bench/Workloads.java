package org.raftbroker.bench;

import java.io.PrintStream;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The workloads that can be measured. Each call connects, measures, checks and disconnects. */
public final class Workloads {
  /** Outstanding while messages to be read are published ahead. */
  private static final int FILL_OUTSTANDING = 2000;

  private static final int FILL_FRAME = 100;

  /** Filling is no measurement; a node that takes longer for it is not there. */
  private static final Duration FILL_TIMEOUT = Duration.ofMinutes(10);

  private final BenchSettings settings;
  private final Measurement measurement;
  private final PrintStream progress;

  /**
   * @param progress where the lines of each second go
   * @param eachSecond called while a load runs
   */
  public Workloads(BenchSettings settings, PrintStream progress, Runnable eachSecond) {
    this.settings = settings;
    this.progress = progress;
    this.measurement = new Measurement(settings, progress, eachSecond);
  }

  public BenchResult publish(PublishMode mode, int outstanding, int frame) {
    if (outstanding < 1 || frame < 1) {
      throw new BenchException("outstanding and frame must be at least 1 (--outstanding, --frame)");
    }
    try (Connections connections = Connections.open(settings)) {
      Meter meter = new Meter();
      Subjects subjects = new Subjects("publish", settings.subjects());
      Load load =
          new PublishLoad(
              connections, settings, mode, outstanding, frame, Long.MAX_VALUE, subjects, meter);
      Map<String, String> parameters = parameters();
      parameters.put("outstanding", Integer.toString(outstanding));
      parameters.put("mode", mode.name().toLowerCase(Locale.ROOT));
      if (mode != PublishMode.UNARY) {
        parameters.put("frame", Integer.toString(frame));
      }
      return measurement.run("publish", parameters, "messages", load, meter);
    }
  }

  /**
   * Fetches by id what was published just before.
   *
   * @param messages published ahead, over all subjects
   */
  public BenchResult fetch(int outstanding, int messages) {
    if (outstanding < 1 || messages < settings.subjects()) {
      throw new BenchException(
          "at least 1 outstanding and a message for each subject are needed (--outstanding,"
              + " --messages)");
    }
    try (Connections connections = Connections.open(settings)) {
      Meter meter = new Meter();
      Subjects subjects = filled(connections, "fetch", messages, meter);
      Load load = new FetchLoad(connections, settings, outstanding, subjects, meter);
      Map<String, String> parameters = parameters();
      parameters.put("outstanding", Integer.toString(outstanding));
      parameters.put("stored", Integer.toString(messages));
      return measurement.run("fetch", parameters, "messages", load, meter);
    }
  }

  /**
   * Reads whole subjects from their first message, over and over.
   *
   * @param messages published ahead, over all subjects
   */
  public BenchResult subscribe(int subscribers, int messages, boolean batches) {
    if (subscribers < 1 || messages < settings.subjects()) {
      throw new BenchException(
          "at least 1 subscriber and a message for each subject are needed (--subscribers,"
              + " --messages)");
    }
    try (Connections connections = Connections.open(settings)) {
      Meter meter = new Meter();
      Subjects subjects = filled(connections, "subscribe", messages, meter);
      Load load = new ReplayLoad(connections, batches, subscribers, subjects, meter);
      Map<String, String> parameters = parameters();
      parameters.put("subscribers", Integer.toString(subscribers));
      parameters.put("stored", Integer.toString(messages));
      parameters.put("frames", batches ? "batches" : "single");
      return measurement.run("subscribe", parameters, "messages", load, meter);
    }
  }

  public BenchResult fanout(int subscribers, int publishers, int outstanding) {
    if (subscribers < 1 || publishers < 1) {
      throw new BenchException(
          "at least 1 subscriber and 1 publisher are needed (--subscribers, --publishers)");
    }
    try (Connections connections = Connections.open(settings)) {
      Meter meter = new Meter();
      Load load =
          new FanoutLoad(connections, settings, subscribers, publishers, outstanding, meter);
      Map<String, String> parameters = parameters();
      parameters.remove("subjects");
      parameters.put("subscribers", Integer.toString(subscribers));
      parameters.put("publishers", Integer.toString(publishers));
      parameters.put("outstanding", Integer.toString(outstanding));
      return measurement.run("fanout", parameters, "deliveries", load, meter);
    }
  }

  private Subjects filled(Connections connections, String workload, int messages, Meter meter) {
    progress.printf("publishing %d messages to read%n", messages);
    Subjects subjects = new Subjects(workload, settings.subjects());
    PublishLoad fill =
        new PublishLoad(
            connections,
            settings.withRate(0),
            PublishMode.STREAM,
            Math.max(FILL_OUTSTANDING, FILL_FRAME * connections.all().size()),
            FILL_FRAME,
            messages,
            subjects,
            meter);
    fill.start();
    Waiting.forAll(List.of(fill.finished()), FILL_TIMEOUT, "messages to be published");
    Meter.Interval filled = meter.nextInterval();
    if (filled.failed() > 0) {
      throw new BenchException("could not publish the messages to read: " + filled.failures());
    }
    fill.stop();
    fill.check(0);
    return subjects;
  }

  private Map<String, String> parameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("nodes", Integer.toString(settings.servers().size()));
    parameters.put("channels", Integer.toString(settings.channelsPerNode()));
    parameters.put("subjects", Integer.toString(settings.subjects()));
    parameters.put("body", Integer.toString(settings.bodyBytes()));
    if (settings.ratePerSecond() > 0) {
      parameters.put("rate", Double.toString(settings.ratePerSecond()));
    }
    return parameters;
  }
}
