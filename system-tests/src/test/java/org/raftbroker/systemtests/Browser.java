package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.raftbroker.systemtests.cluster.PortBlock;
import org.raftbroker.systemtests.monitoring.Yaml;

/** A real Chromium without a window, driven as the W3C's WebDriver says. One thread. */
final class Browser implements AutoCloseable {
  static final String TAB = "\uE004";
  static final String ENTER = "\uE007";
  static final String ESCAPE = "\uE00C";
  static final String LEFT = "\uE012";

  private static final Duration START_BOUND = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** How WebDriver names an element in JSON. */
  private static final String ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

  private final PortBlock ports = PortBlock.reserve();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final Program driver;
  private String session = "";

  private Browser(Path log) {
    try {
      driver = Program.start(log, "chromedriver", "--port=" + ports.port(1));
    } catch (UncheckedIOException e) {
      ports.close();
      throw e;
    }
  }

  /** Skips the test, loudly, if there is none on this machine. */
  static void requireOrSkip() {
    Program.requireOrSkip("apt-get install chromium chromium-driver", "chromium", "chromedriver");
  }

  /**
   * Starts one.
   *
   * @param directory for its profile
   * @param further arguments of Chromium's
   */
  static Browser start(Path directory, Path log, String... further) {
    Browser browser = new Browser(log);
    try {
      Awaitility.await("chromedriver answers; " + log + " is its log")
          .atMost(START_BOUND)
          .ignoreExceptionsInstanceOf(UncheckedIOException.class)
          .until(() -> browser.send("GET", "/status", "").at("ready").text().equals("true"));
      // As root there is no sandbox; whatever asks the world for something is off.
      String arguments =
          Stream.concat(
                  Stream.of(
                      "--headless",
                      "--no-sandbox",
                      "--disable-gpu",
                      "--disable-quic",
                      "--disable-dev-shm-usage",
                      "--no-first-run",
                      "--disable-background-networking",
                      "--disable-component-update",
                      "--disable-sync",
                      "--hide-scrollbars",
                      "--user-data-dir=" + directory.resolve("chromium")),
                  Stream.of(further))
              .map(Browser::quoted)
              .collect(Collectors.joining(","));
      browser.session =
          "/session/"
              + browser
                  .send(
                      "POST",
                      "/session",
                      """
                      {"capabilities": {"alwaysMatch": {
                        "goog:chromeOptions": {"args": [%s]},
                        "goog:loggingPrefs": {"browser": "ALL"}}}}
                      """
                          .formatted(arguments))
                  .at("sessionId")
                  .text();
      return browser;
    } catch (RuntimeException | Error e) {
      browser.close();
      throw e;
    }
  }

  void open(String url) {
    command("POST", "/url", "{\"url\": " + quoted(url) + "}");
  }

  /** Runs the body of a function in the page; {@code arguments[0]} and so on are texts. */
  Yaml script(String body, String... arguments) {
    String texts = Stream.of(arguments).map(Browser::quoted).collect(Collectors.joining(","));
    return command(
        "POST", "/execute/sync", "{\"script\": " + quoted(body) + ", \"args\": [" + texts + "]}");
  }

  /** Runs the body of a function that returns texts. */
  List<String> texts(String body, String... arguments) {
    return script(body, arguments).items().stream().map(Yaml::text).toList();
  }

  /** The text that a person sees in the first element that a CSS selector finds; empty if none. */
  String text(String selector) {
    return script("return document.querySelector(arguments[0])?.innerText ?? ''", selector).text();
  }

  void click(String selector) {
    command("POST", "/element/" + element(selector) + "/click", "{}");
  }

  /** Types into an element, as a person would. */
  void type(String selector, String text) {
    command("POST", "/element/" + element(selector) + "/value", "{\"text\": " + quoted(text) + "}");
  }

  /** Presses keys, one after the other, wherever the focus is. */
  void press(String keys) {
    String actions =
        keys.codePoints()
            .mapToObj(Character::toString)
            .map(Browser::quoted)
            .map(
                key ->
                    "{\"type\":\"keyDown\",\"value\":%1$s},{\"type\":\"keyUp\",\"value\":%1$s}"
                        .formatted(key))
            .collect(Collectors.joining(","));
    command(
        "POST",
        "/actions",
        "{\"actions\": [{\"type\": \"key\", \"id\": \"keyboard\", \"actions\": ["
            + actions
            + "]}]}");
  }

  /** How large the screen is, in the page's pixels. */
  void screen(int width, int height, boolean phone) {
    devTools(
        "Emulation.setDeviceMetricsOverride",
        "{\"width\": %d, \"height\": %d, \"deviceScaleFactor\": 1, \"mobile\": %s}"
            .formatted(width, height, phone));
  }

  /** What the system is said to like: {@code light} or {@code dark}. */
  void scheme(String name) {
    devTools(
        "Emulation.setEmulatedMedia",
        "{\"features\": [{\"name\": \"prefers-color-scheme\", \"value\": " + quoted(name) + "}]}");
  }

  /** What the page has complained about since this was asked last. */
  List<String> complaints() {
    return command("POST", "/se/log", "{\"type\": \"browser\"}").items().stream()
        .map(entry -> entry.at("level").text() + ": " + entry.at("message").text())
        .toList();
  }

  void screenshot(Path file) {
    String png = command("GET", "/screenshot", "").text();
    try {
      Files.createDirectories(file.getParent());
      Files.write(file, Base64.getDecoder().decode(png));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String element(String selector) {
    return command(
            "POST",
            "/element",
            "{\"using\": \"css selector\", \"value\": " + quoted(selector) + "}")
        .at(ELEMENT)
        .text();
  }

  private void devTools(String method, String parameters) {
    command(
        "POST",
        "/goog/cdp/execute",
        "{\"cmd\": " + quoted(method) + ", \"params\": " + parameters + "}");
  }

  private Yaml command(String method, String path, String json) {
    return send(method, session + path, json);
  }

  private Yaml send(String method, String path, String json) {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + ports.port(1) + path))
            .timeout(TIMEOUT)
            .method(
                method,
                json.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(json))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      Yaml value = Yaml.parse(response.body()).at("value");
      if (response.statusCode() != 200) {
        throw new IllegalStateException(path + " " + json + ": " + value.at("message").text());
      }
      return value;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    text.chars()
        .forEach(
            c -> {
              if (c == '"' || c == '\\' || c < ' ' || c > '~') {
                json.append(String.format("\\u%04x", c));
              } else {
                json.append((char) c);
              }
            });
    return json.append('"').toString();
  }

  @Override
  public void close() {
    try {
      if (!session.isEmpty()) {
        var unused = command("DELETE", "", ""); // ends Chromium
      }
    } finally {
      driver.close();
      ports.close();
    }
  }
}
