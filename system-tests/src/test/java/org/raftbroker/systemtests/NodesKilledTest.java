package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/** kill -9, of one node and of all. */
@Tag("system")
@SharedCluster.Usual
class NodesKilledTest {
  private static final Duration BOUND = Duration.ofMinutes(1);

  @Test
  void leaderKilledUnderLoadLosesNothing(LocalCluster cluster, TestReporter reporter)
      throws InterruptedException {
    try (Load load = Load.start(LoadPlan.mixed("leader-killed"), cluster.clients(), 1)) {
      load.awaitAcknowledged(1_000, BOUND);

      int killed = cluster.killLeader(0);
      load.awaitAcknowledged(1_000, BOUND);

      assertThat(load.subscribersBrokenOff())
          .as("subscribers that lost their stream with a node that was not killed")
          .allMatch(name -> name.contains(cluster.node(killed).id()));
      cluster.restart(killed);
      load.awaitAcknowledged(1_000, BOUND);
      Ending.good(load, reporter);
    }
  }

  @Test
  void allKilledAtOnceUnderLoadLoseNothing(LocalCluster cluster, TestReporter reporter)
      throws InterruptedException {
    try (Load load = Load.start(LoadPlan.mixed("all-killed"), cluster.clients(), 2)) {
      load.awaitAcknowledged(1_000, BOUND);

      cluster.killAll();
      cluster.makeWhole();

      load.awaitAcknowledged(1_000, BOUND);
      Ending.good(load, reporter);
    }
  }
}
