package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/** A node that was away for so long that the others no longer have the log that it lacks. */
@Tag("system")
class LaggingFollowerTest {
  private static final Duration BOUND = Duration.ofMinutes(2);

  /** A snapshot for each file of the log, and the log is dropped file by file. */
  private static final int FILES_BEHIND = 4;

  private static final String SMALL_LOG =
      """
      raft:
        segmentBytes: 4MiB
        snapshotEveryBytes: 4MiB
        snapshotEveryEntries: 100
        keepEntries: 10
      """;

  @RegisterExtension final OwnCluster own = new OwnCluster();
  @TempDir Path directory;

  @Test
  void followerWhoseLogIsGoneIsRebuiltFromASnapshot(TestReporter reporter)
      throws InterruptedException {
    ClusterSpec oneShard = new ClusterSpec(3, 1, SMALL_LOG);
    LocalCluster cluster = own.start(oneShard, directory);
    LoadPlan large = LoadPlan.mixed("lagging").withBodyBytes(8_000);
    try (Load load = Load.start(large, cluster.clients(), 5)) {
      load.awaitAcknowledged(200, BOUND);
      int leader = cluster.leaderOf(0);
      int follower = leader % cluster.size() + 1;
      long knownToFollower = replica(cluster, leader).getCommitIndex();
      cluster.node(follower).kill();

      int snapshotsBefore = snapshotsTaken(cluster, leader);
      Awaitility.await("snapshots far past what the follower has")
          .atMost(BOUND)
          .until(
              () ->
                  replica(cluster, leader).getSnapshotIndex() > knownToFollower
                      && snapshotsTaken(cluster, leader) > snapshotsBefore + FILES_BEHIND);
      cluster.restart(follower);
      Awaitility.await("the follower has been sent a snapshot")
          .atMost(BOUND)
          .until(() -> cluster.node(follower).log().contains("store restored from snapshot"));

      load.awaitAcknowledged(200, BOUND);
      Ending.good(load, reporter);
      assertThat(replica(cluster, follower).getProblem()).isEmpty();
    }
  }

  private static int snapshotsTaken(LocalCluster cluster, int n) {
    return cluster.node(n).log().split("snapshot taken").length - 1;
  }

  private static Replica replica(LocalCluster cluster, int n) {
    return cluster.replica(n, 0).orElse(Replica.getDefaultInstance());
  }
}
