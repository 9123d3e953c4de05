package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.awaitility.Awaitility;
import org.raftbroker.systemtests.cluster.PortBlock;

/**
 * A real service of github.com/envoyproxy/ratelimit with a real Redis: what Envoys ask that count
 * together. One thread.
 */
final class RateLimitService implements AutoCloseable {
  private static final Duration START_BOUND = Duration.ofSeconds(30);

  private final PortBlock ports = PortBlock.reserve();
  private final Path directory;

  /** The one that needs the others first. */
  private final Deque<Program> started = new ArrayDeque<>();

  private RateLimitService(Path directory) {
    this.directory = directory;
  }

  /** Skips the test, loudly, if there is none on this machine. */
  static void requireOrSkip() {
    Program.requireOrSkip(
        "ratelimit is what \"go install github.com/envoyproxy/ratelimit/src/service_cmd@latest\" makes",
        "redis-server",
        "ratelimit");
  }

  /**
   * Starts one and waits until it answers.
   *
   * @param limits its configuration
   * @param directory for that, and for what Redis keeps
   */
  static RateLimitService start(String limits, Path directory, Path logs) {
    try {
      Files.writeString(
          Files.createDirectories(directory.resolve("config")).resolve("limits.yaml"), limits);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    RateLimitService service = new RateLimitService(directory);
    try {
      service.startRedis(logs.resolve("redis.log"));
      // It ends if there is no Redis when it starts.
      service.startService(logs.resolve("ratelimit.log"));
      return service;
    } catch (RuntimeException | Error e) {
      service.close();
      throw e;
    }
  }

  private void startRedis(Path log) {
    Program redis =
        add(
            Program.start(
                log,
                "redis-server",
                "--bind",
                "127.0.0.1",
                "--port",
                String.valueOf(ports.port(1)),
                "--save",
                "",
                "--dir",
                directory.toString()));
    awaitListening(redis, 1);
  }

  private void startService(Path log) {
    Program service =
        add(
            Program.start(
                log,
                "env",
                "REDIS_SOCKET_TYPE=tcp",
                "REDIS_URL=" + address(1),
                "GRPC_HOST=127.0.0.1",
                "GRPC_PORT=" + ports.port(2),
                "HOST=127.0.0.1",
                "PORT=" + ports.port(3),
                "DEBUG_HOST=127.0.0.1",
                "DEBUG_PORT=" + ports.port(4),
                "USE_STATSD=false",
                "RUNTIME_ROOT=" + directory,
                "RUNTIME_WATCH_ROOT=false",
                "ratelimit"));
    awaitListening(service, 2);
  }

  private Program add(Program program) {
    started.addFirst(program);
    return program;
  }

  /** Where Envoys ask it. */
  String address() {
    return address(2);
  }

  private String address(int port) {
    return "127.0.0.1:" + ports.port(port);
  }

  private void awaitListening(Program program, int port) {
    Awaitility.await("somebody listens at " + address(port))
        .atMost(START_BOUND)
        .pollInterval(Duration.ofMillis(50))
        .until(
            () -> {
              program.requireRunning();
              return isListening(port);
            });
  }

  private boolean isListening(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), ports.port(port)));
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  /** Envoys get no answer any more. */
  void kill() {
    started.getFirst().close();
  }

  @Override
  public void close() {
    started.forEach(Program::close);
    ports.close();
  }
}
