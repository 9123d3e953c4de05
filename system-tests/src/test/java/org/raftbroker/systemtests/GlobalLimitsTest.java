package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;

/**
 * Two real Envoys that ask one real service, with the component {@code deploy/envoy-global-limits}:
 * a client has one limit at both of them, and no service means no limit.
 */
@Tag("system")
@Isolated // measures times
@SharedCluster.Usual
class GlobalLimitsTest {
  private static final Duration BOUND = Duration.ofSeconds(30);
  private static final Path NONE = Path.of("..", "deploy", "envoy", "global-limits.yaml");
  private static final Path COMPONENT = Path.of("..", "deploy", "envoy-global-limits");
  private static final int LIMIT = 100;
  private static final int SECONDS = 10;
  private static final String CLIENT = "127.0.0.2";

  @TempDir Path directory;

  @Test
  void envoysCountTogetherAndGoOnAloneWithoutTheService(LocalCluster cluster, TestReporter reporter)
      throws IOException {
    Path program = Envoy.programOrSkip();
    RateLimitService.requireOrSkip();
    Path logs = TestLogs.directory("GlobalLimitsTest");
    String limits =
        Files.readString(COMPONENT.resolve("service.yaml"))
            .replace("requests_per_unit: 2000", "requests_per_unit: " + LIMIT);
    try (RateLimitService service =
        RateLimitService.start(limits, directory.resolve("service"), logs)) {
      Map<String, String> changes =
          Map.of(
              Files.readString(NONE),
              Files.readString(COMPONENT.resolve("global-limits.yaml"))
                  .replace("ratelimit:8081", service.address())
                  // A busy machine answers late, and calls would go through.
                  .replace("timeout: 0.1s", "timeout: 10s"));
      try (Envoy one = start(program, cluster, changes, "one");
          Envoy two = start(program, cluster, changes, "two");
          NodeClient atOne = one.clientAt(CLIENT);
          NodeClient atTwo = two.clientAt(CLIENT)) {
        long begin = System.nanoTime();
        try (SteadyPublisher left = SteadyPublisher.start(atOne, "limits.global", 2 * LIMIT);
            SteadyPublisher right = SteadyPublisher.start(atTwo, "limits.global", 2 * LIMIT)) {
          awaitSeconds(SECONDS, left, right);
          double offered = secondsSince(begin);
          left.stop();
          right.stop();
          double answered = secondsSince(begin);

          assertThat(left.failures()).isEmpty();
          assertThat(right.failures()).isEmpty();
          double admitted = left.acknowledged().size() + right.acknowledged().size();
          reporter.publishEntry(
              "outcome",
              String.format(
                  "%d/s offered at two Envoys over %.1f s, limit %d/s: %.0f got through",
                  4 * LIMIT, offered, LIMIT, admitted));
          // By whole seconds of the service's clock, of which each end may have a part.
          assertThat(admitted).isBetween(LIMIT * (offered - 2), LIMIT * (answered + 2));
        }

        service.kill();

        try (SteadyPublisher alone = SteadyPublisher.start(atTwo, "limits.alone", 2 * LIMIT)) {
          awaitSeconds(2, alone);
          alone.stop();

          assertThat(alone.limited()).isZero();
          assertThat(alone.failures()).isEmpty();
          assertThat(alone.acknowledged()).hasSizeGreaterThan(2 * LIMIT);
        }
      }
    }
  }

  private Envoy start(
      Path program, LocalCluster cluster, Map<String, String> changes, String name) {
    return Envoy.start(
        program,
        Envoy.Place.IN_FRONT_OF_ALL,
        cluster,
        changes,
        directory.resolve(name),
        TestLogs.directory("GlobalLimitsTest").resolve(name + ".log"));
  }

  /** Until publishers have offered what they offer in that time. */
  private static void awaitSeconds(int seconds, SteadyPublisher... publishers) {
    for (SteadyPublisher publisher : publishers) {
      Awaitility.await("publishes are offered")
          .atMost(BOUND)
          .until(() -> publisher.offered() >= seconds * 2 * LIMIT);
    }
  }

  private static double secondsSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e9;
  }
}
