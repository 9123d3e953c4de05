package org.raftbroker.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.raftbroker.systemtests.cluster.PortBlock;
import org.raftbroker.systemtests.monitoring.Yaml;

/** A real Prometheus on this machine. One thread. */
final class Prometheus implements AutoCloseable {
  private static final Duration START_BOUND = Duration.ofSeconds(30);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final PortBlock ports = PortBlock.reserve();
  private final HttpClient http = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
  private final Program program;

  private Prometheus(Path config, Path directory, Path log) {
    try {
      program =
          Program.start(
              log,
              "prometheus",
              "--config.file=" + config,
              "--storage.tsdb.path=" + directory.resolve("prometheus"),
              "--web.listen-address=" + address());
    } catch (UncheckedIOException e) {
      ports.close();
      throw e;
    }
  }

  /** Skips the test, loudly, if there is none on this machine. */
  static void requireOrSkip() {
    Program.requireOrSkip("apt-get install prometheus", "prometheus");
  }

  /**
   * Starts one and waits until it answers.
   *
   * @param directory for its data
   */
  static Prometheus start(Path config, Path directory, Path log) {
    Prometheus prometheus = new Prometheus(config, directory, log);
    try {
      Awaitility.await("Prometheus answers; " + log + " is its log")
          .atMost(START_BOUND)
          .ignoreExceptionsInstanceOf(UncheckedIOException.class)
          // While it is still starting it listens, and answers 503.
          .until(() -> prometheus.send("/-/ready").statusCode() == 200);
      return prometheus;
    } catch (RuntimeException | Error e) {
      prometheus.close();
      throw e;
    }
  }

  private String address() {
    return "127.0.0.1:" + ports.port(1);
  }

  /**
   * Evaluates an expression as of now.
   *
   * @return how many values there are
   * @throws IllegalStateException if Prometheus does not accept it, with its reason
   */
  int valuesOf(String expression) {
    Yaml data = get("query?query=" + URLEncoder.encode(expression, UTF_8));
    return data.at("result").items().size();
  }

  /** Evaluates an expression: the names of the alerts that it finds. */
  List<String> alertsOf(String expression) {
    Yaml data = get("query?query=" + URLEncoder.encode(expression, UTF_8));
    return data.at("result").items().stream()
        .map(series -> series.at("metric").at("alertname").text())
        .toList();
  }

  /** Of each metric that was scraped or recorded, which labels it has. */
  SortedMap<String, SortedSet<String>> labelsByMetric() {
    SortedMap<String, SortedSet<String>> labels = new TreeMap<>();
    String everything = URLEncoder.encode("{__name__=~\".+\"}", UTF_8);
    for (Yaml series : get("series?match[]=" + everything).items()) {
      labels
          .computeIfAbsent(series.at("__name__").text(), name -> new TreeSet<>())
          .addAll(series.keys());
    }
    return labels;
  }

  /** How each target is, by its address: {@code up}, {@code down}, {@code unknown}. */
  Map<String, String> healthByTarget() {
    return get("targets").at("activeTargets").items().stream()
        .collect(
            Collectors.toMap(
                target -> target.at("labels").at("instance").text(),
                target -> target.at("health").text()));
  }

  /** How the last evaluation of each rule went, by the rule's name: {@code ok}, or what failed. */
  Map<String, String> healthByRule() {
    return get("rules").at("groups").items().stream()
        .flatMap(group -> group.at("rules").items().stream())
        .collect(
            Collectors.toMap(
                rule -> rule.at("name").text(),
                rule -> rule.at("health").text() + rule.at("lastError").text()));
  }

  /** Alerts that wait for their time, or fire. */
  Stream<Alert> alerts() {
    return get("alerts").at("alerts").items().stream()
        .map(
            alert ->
                new Alert(
                    alert.at("labels").at("alertname").text(),
                    alert.at("labels").at("instance").text(),
                    alert.at("state").text().equals("firing")));
  }

  /**
   * What Prometheus says of an alert.
   *
   * @param instance empty if it is of no single node
   */
  record Alert(String name, String instance, boolean fires) {}

  private Yaml get(String call) {
    HttpResponse<String> response = send("/api/v1/" + call.replace("[]", "%5B%5D"));
    Yaml answer = Yaml.parse(response.body());
    if (!answer.at("status").text().equals("success")) {
      throw new IllegalStateException(call + ": " + response.body());
    }
    return answer.at("data");
  }

  private HttpResponse<String> send(String path) {
    URI uri = URI.create("http://" + address() + path);
    try {
      return http.send(
          HttpRequest.newBuilder(uri).timeout(TIMEOUT).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    program.close();
    ports.close();
  }
}
