package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.raftbroker.systemtests.cluster.PortBlock;

/**
 * A real service of github.com/envoyproxy/ratelimit with a real Redis: what Envoys ask that count
 * together. One thread.
 */
final class RateLimitService implements AutoCloseable {
  private static final Duration START_BOUND = Duration.ofSeconds(30);

  private final PortBlock ports = PortBlock.reserve();
  private final Program redis;
  private final Program service;

  private RateLimitService(Path directory, Path logs) {
    redis =
        Program.start(
            logs.resolve("redis.log"),
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            String.valueOf(ports.port(1)),
            "--save",
            "",
            "--dir",
            directory.toString());
    // It ends if there is no Redis when it starts.
    awaitListening(redis, 1);
    service =
        Program.start(
            logs.resolve("ratelimit.log"),
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
            "ratelimit");
    awaitListening(service, 2);
  }

  static boolean isInstalled() {
    return Program.isInstalled("ratelimit") && Program.isInstalled("redis-server");
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
    return new RateLimitService(directory, logs);
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
    service.close();
  }

  @Override
  public void close() {
    service.close();
    redis.close();
    ports.close();
  }
}
