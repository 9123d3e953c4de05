package org.raftbroker.bench;

import io.grpc.ChannelCredentials;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What every workload has in common.
 *
 * @param servers host:port of each node to load; load is spread evenly over them
 * @param credentials with TLS or without, for all of them
 * @param channelsPerNode connections to each node, at least 1. One is fastest on few cores
 * @param eventLoops threads that drive all connections, at least 1
 * @param warmUp load before the measurement
 * @param duration how long is measured
 * @param bodyBytes size of each body, at least {@link #MIN_BODY_BYTES}
 * @param subjects over how many subjects the messages go in turn, 1 to {@link #MAX_SUBJECTS}
 * @param ratePerSecond messages offered each second (open loop: latency counts from the moment a
 *     message was to be sent); 0: as many as {@code outstanding} allows (closed loop)
 * @param timeout longest wait for a connection, for the answer to a call and for the last answers
 * @param probeDir where the machine's fsync is timed
 */
public record BenchSettings(
    List<String> servers,
    ChannelCredentials credentials,
    int channelsPerNode,
    int eventLoops,
    WarmUp warmUp,
    Duration duration,
    int bodyBytes,
    int subjects,
    double ratePerSecond,
    Duration timeout,
    Path probeDir) {

  /** The send time (8 bytes) and the number of the publisher (4 bytes). */
  public static final int MIN_BODY_BYTES = 12;

  /** Frames are encoded ahead for every subject; this bounds their memory. */
  public static final int MAX_SUBJECTS = 10_000;

  public BenchSettings {
    servers = List.copyOf(servers);
    require(!servers.isEmpty(), "no server to load (--server)");
    require(channelsPerNode >= 1, "channels per node must be at least 1 (--channels)");
    require(eventLoops >= 1, "event loops must be at least 1 (--threads)");
    require(
        duration.compareTo(Duration.ofSeconds(1)) >= 0,
        "duration must be at least 1s (--duration)");
    require(
        bodyBytes >= MIN_BODY_BYTES,
        "body of " + bodyBytes + " bytes, at least " + MIN_BODY_BYTES + " are needed (--body)");
    require(
        subjects >= 1 && subjects <= MAX_SUBJECTS,
        subjects + " subjects, allowed are 1 to " + MAX_SUBJECTS + " (--subjects)");
    require(ratePerSecond >= 0, "rate must not be negative (--rate)");
  }

  BenchSettings withRate(double rate) {
    return new BenchSettings(
        servers,
        credentials,
        channelsPerNode,
        eventLoops,
        warmUp,
        duration,
        bodyBytes,
        subjects,
        rate,
        timeout,
        probeDir);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new BenchException(message);
    }
  }
}
