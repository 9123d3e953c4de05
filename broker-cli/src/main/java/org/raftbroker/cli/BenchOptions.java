package org.raftbroker.cli;

import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.raftbroker.bench.BenchSettings;
import org.raftbroker.bench.WarmUp;
import picocli.CommandLine.Option;

/** What every workload can be given. */
final class BenchOptions {
  /** Half of the cores drive the load, the other half is left to nodes on the same machine. */
  private static final int DEFAULT_EVENT_LOOPS =
      Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

  @Option(
      names = "--warm-up",
      paramLabel = "DURATION",
      converter = DurationConverter.class,
      description =
          "Load before the measurement. Default: until the rate has stopped rising, 40 seconds to 3"
              + " minutes: code that is not compiled yet is several times slower.")
  @Nullable Duration warmUp;

  @Option(
      names = "--duration",
      paramLabel = "DURATION",
      defaultValue = "30s",
      converter = DurationConverter.class,
      description = "How long to measure. Default: 30s.")
  Duration duration;

  @Option(
      names = "--body",
      paramLabel = "BYTES",
      defaultValue = "256",
      description = "Size of each body. Default: 256.")
  int bodyBytes;

  @Option(
      names = "--subjects",
      paramLabel = "N",
      defaultValue = "1",
      description = "Messages go to N fresh subjects in turn. Default: 1.")
  int subjects;

  @Option(
      names = "--rate",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Offer N messages a second whatever the answers do (open loop); latency counts from when"
              + " a message was to be sent. Default: as many as --outstanding allows.")
  double rate;

  @Option(
      names = "--channels",
      paramLabel = "N",
      defaultValue = "1",
      description = "Connections to each --server. Default: 1.")
  int channels;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that drive the connections. Default: half of the cores.")
  int threads = DEFAULT_EVENT_LOOPS;

  @Option(
      names = "--probe-dir",
      paramLabel = "DIR",
      description = "Where to time this machine's fsync. Default: the temporary directory.")
  @Nullable Path probeDir;

  BenchSettings settings(Brokerctl brokerctl) {
    return new BenchSettings(
        brokerctl.addresses,
        brokerctl.tls.credentials(),
        channels,
        threads,
        warmUp == null ? WarmUp.UNTIL_STEADY : WarmUp.of(warmUp),
        duration,
        bodyBytes,
        subjects,
        rate,
        brokerctl.timeout,
        probeDir == null ? Path.of(System.getProperty("java.io.tmpdir")) : probeDir);
  }
}
