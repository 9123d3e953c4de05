package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/** An operator replaces one node after the other while clients work. */
@Tag("system")
@SharedCluster.Usual
class RollingRestartTest {
  private static final Duration BOUND = Duration.ofMinutes(1);

  /** The default of shutdown.timeout, and something for the JVM to end. */
  private static final Duration STOP_BOUND = Duration.ofSeconds(25);

  @Test
  void rollingRestartFailsNoPublishThatAClientMayRetry(LocalCluster cluster, TestReporter reporter)
      throws InterruptedException {
    try (Load load =
        Load.start(LoadPlan.mixed("rolling").withMessagesPerSecond(60), cluster.clients(), 4)) {
      for (int n = 1; n <= cluster.size(); n++) {
        load.awaitAcknowledged(500, BOUND);
        cluster.node(n).terminate();
        assertThat(cluster.node(n).awaitEnd(STOP_BOUND))
            .as("exit code of %s after SIGTERM", cluster.node(n).id())
            .isZero();
        load.awaitAcknowledged(500, BOUND);
        cluster.restart(n);
        cluster.awaitWhole();
      }
      load.awaitAcknowledged(500, BOUND);
      Ending.good(load, reporter);
    }
  }
}
