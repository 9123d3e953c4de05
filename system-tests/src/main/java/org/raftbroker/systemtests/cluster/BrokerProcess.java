package org.raftbroker.systemtests.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * One node as an operating system process: started with the real launcher, and then treated well or
 * badly. May be started again after it ended. One thread at a time.
 */
public final class BrokerProcess {
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration HTTP_TIMEOUT = Duration.ofSeconds(2);
  private static final Duration KILL_BOUND = Duration.ofSeconds(20);

  private final NodePlace place;
  private final Path configFile;
  private final Path logFile;
  // Also read by the hook that ends nodes with this JVM.
  private volatile @Nullable Process process;

  /** Starts nothing yet. */
  public BrokerProcess(NodePlace place, Path configFile, Path logFile) {
    this.place = place;
    this.configFile = configFile;
    this.logFile = logFile;
  }

  public String id() {
    return place.id();
  }

  public NodePlace place() {
    return place;
  }

  public Path configFile() {
    return configFile;
  }

  public Path logFile() {
    return logFile;
  }

  /** Starts the process; {@link #awaitReady} says when it serves. */
  public void start() {
    if (isRunning()) {
      throw new IllegalStateException(id() + " is running already, as process " + pid());
    }
    List<String> command = new ArrayList<>(place.commandPrefix());
    command.add(ServerProgram.launcher().toString());
    command.add("--config");
    command.add(configFile.toString());
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start " + command, e);
    }
  }

  /**
   * Waits until the node says that it is ready.
   *
   * @throws IllegalStateException if it ends instead, or is not ready in time, with its last log
   *     lines
   */
  public void awaitReady(Duration bound) {
    try {
      Awaitility.await(id() + " is ready")
          .atMost(bound)
          .pollInterval(POLL)
          .until(() -> !isRunning() || httpStatus("/readyz") == HttpURLConnection.HTTP_OK);
    } catch (ConditionTimeoutException e) {
      throw new IllegalStateException(
          id()
              + " is not ready after "
              + bound.toSeconds()
              + " s; it says: "
              + readiness()
              + "\n"
              + lastLogLines(60),
          e);
    }
    if (!isRunning()) {
      throw new IllegalStateException(
          id() + " ended with exit code " + exitCode() + "\n" + lastLogLines(60));
    }
  }

  /** What the HTTP port answers to a GET; 0 if it does not answer. */
  /** Why it is not ready, in its own words. */
  private String readiness() {
    try {
      HttpURLConnection connection = connect("/readyz");
      int status = connection.getResponseCode();
      try (InputStream body = connection.getErrorStream()) {
        return body == null
            ? "HTTP " + status
            : new String(body.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (IOException down) {
      return "nothing (" + down + ")";
    }
  }

  public int httpStatus(String path) {
    try {
      HttpURLConnection connection = connect(path);
      try {
        return connection.getResponseCode();
      } finally {
        connection.disconnect();
      }
    } catch (IOException down) {
      return 0;
    }
  }

  public String httpBody(String path) {
    try {
      HttpURLConnection connection = connect(path);
      try (var body = connection.getInputStream()) {
        return new String(body.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private HttpURLConnection connect(String path) throws IOException {
    URI uri = URI.create("http://" + place.clientHost() + ":" + place.httpPort() + path);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
    connection.setConnectTimeout((int) HTTP_TIMEOUT.toMillis());
    connection.setReadTimeout((int) HTTP_TIMEOUT.toMillis());
    return connection;
  }

  /**
   * SIGKILL, also to a stopped process; returns when it is gone. Nothing happens if it is not
   * running.
   */
  public void kill() {
    Process victim = process;
    if (victim != null) {
      victim.destroyForcibly();
      awaitEnd(KILL_BOUND);
    }
  }

  /** SIGTERM. */
  public void terminate() {
    running().destroy();
  }

  /** SIGSTOP: the process keeps its connections and its disk, and does nothing. */
  public void pause() {
    signal("STOP");
  }

  /** SIGCONT. */
  public void resume() {
    signal("CONT");
  }

  private void signal(String name) {
    try {
      int status = new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor();
      if (status != 0) {
        throw new IllegalStateException("kill -" + name + " " + pid() + " answered " + status);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /**
   * Waits for the process to end and answers its exit code.
   *
   * @throws IllegalStateException if it still runs after {@code bound}
   */
  public int awaitEnd(Duration bound) {
    try {
      if (!started().waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IllegalStateException(
            id() + " still runs after " + bound.toSeconds() + " s\n" + lastLogLines(60));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
    return exitCode();
  }

  public boolean isRunning() {
    Process current = process;
    return current != null && current.isAlive();
  }

  public long pid() {
    return running().pid();
  }

  private int exitCode() {
    return started().exitValue();
  }

  private Process started() {
    Process current = process;
    if (current == null) {
      throw new IllegalStateException(id() + " was never started");
    }
    return current;
  }

  private Process running() {
    if (!isRunning()) {
      throw new IllegalStateException(id() + " is not running");
    }
    return started();
  }

  /** Memory that the process holds now, as the operating system counts it. */
  public long residentBytes() {
    try (Stream<String> lines = Files.lines(Path.of("/proc/" + pid() + "/status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
          .findFirst()
          .orElseThrow(() -> new IllegalStateException("no VmRSS of process " + pid()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Everything the node has logged so far, over all its starts. */
  public String log() {
    try {
      return Files.exists(logFile) ? Files.readString(logFile, StandardCharsets.ISO_8859_1) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String lastLogLines(int count) {
    List<String> lines = log().lines().toList();
    return "last lines of "
        + logFile
        + ":\n"
        + String.join("\n", lines.subList(Math.max(0, lines.size() - count), lines.size()));
  }
}
