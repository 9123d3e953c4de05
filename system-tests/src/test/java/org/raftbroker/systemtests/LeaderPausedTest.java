package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/**
 * A leader that stands still for longer than an election takes, and then goes on believing that it
 * leads: its clients, its subscribers and its reads must notice nothing worse than a delay.
 */
@Tag("system")
@SharedCluster.Usual
class LeaderPausedTest {
  private static final Duration BOUND = Duration.ofMinutes(1);

  @Test
  void leaderThatWasStoppedComesBackWithoutHarm(LocalCluster cluster, TestReporter reporter)
      throws InterruptedException {
    try (Load load = Load.start(LoadPlan.mixed("leader-paused"), cluster.clients(), 3)) {
      load.awaitAcknowledged(1_000, BOUND);

      int paused = cluster.leaderOf(0);
      cluster.node(paused).pause();
      int successor = cluster.leaderOf(0);
      assertThat(successor).isNotEqualTo(paused);
      load.awaitAcknowledged(1_000, BOUND);
      cluster.node(paused).resume();

      load.awaitAcknowledged(1_000, BOUND);
      assertThat(load.subscribersBrokenOff()).as("subscribers that lost their stream").isEmpty();
      Ending.good(load, reporter);
    }
  }
}
