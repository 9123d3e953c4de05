package org.raftbroker.systemtests;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.admin.ChangeClusterRequest;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.SlowPublish;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/** A cluster of three becomes one of five and one of three again, while clients work. */
@Tag("system")
@Isolated // measures times
class GrowAndShrinkTest {
  private static final Duration BOUND = Duration.ofMinutes(1);

  /** How many nodes lose their disk on the way; all five where there is time. */
  private static final int REPLACED = Integer.getInteger("replacedNodes", 1);

  /**
   * From a publish's first attempt to its acknowledgement, whatever happens to the nodes. Three
   * seconds are the aim; where two processors have five nodes and their clients, beside other
   * tests' nodes, an election that has to be held twice takes longer.
   */
  private static final Duration LONGEST_STALL =
      Duration.ofSeconds(Integer.getInteger("longestStallSeconds", 10));

  @RegisterExtension final OwnCluster clusters = new OwnCluster();

  @TempDir Path directory;

  @Test
  void fromThreeNodesToFiveAndBackUnderLoad(TestReporter reporter) throws InterruptedException {
    LocalCluster cluster = clusters.start(ClusterSpec.DEFAULT, directory);
    LoadPlan plan = LoadPlan.mixed("grow").withMessagesPerSecond(20);
    try (Load load = Load.start(plan, cluster.clients(), 11)) {
      load.awaitAcknowledged(500, BOUND);

      cluster.add();
      cluster.add();
      cluster.awaitSpreadOver(5);
      load.awaitAcknowledged(200, BOUND);
      assertThat(cluster.client(4).publish("late", "from a node that came later")).isEqualTo(1);
      // A replica that has just come may be too far behind on a busy machine, and says so.
      Awaitility.await("fetch at another node that came later")
          .atMost(BOUND)
          .ignoreExceptionsInstanceOf(StatusRuntimeException.class)
          .until(() -> fetch(cluster.client(5)).equals("from a node that came later"));

      // The last ones first: what matters most, a founder and the keeper of the map, always comes.
      for (int n = REPLACED; n >= 1; n--) {
        cluster.replaceDisk(n);
        cluster.awaitSpreadOver(5);
        load.awaitAcknowledged(200, BOUND);
      }

      for (int n = 5; n >= 4; n--) {
        remove(cluster, "n" + n);
        cluster.awaitSpreadOver(n - 1);
        cluster.dropLast();
        load.awaitAcknowledged(200, BOUND);
      }
      cluster.awaitWhole();
      List<SlowPublish> slowest = load.slowestPublishes(20);
      reporter.publishEntry("slowest publish", slowest.get(0).toString());
      Ending.good(load, reporter);
      assertThat(slowest.get(0).took())
          .as(() -> slowest.stream().map(SlowPublish::toString).collect(joining("\n")))
          .isLessThan(LONGEST_STALL);
    }
  }

  private static String fetch(NodeClient node) {
    FetchRequest request = FetchRequest.newBuilder().setSubject("late").setId(1).build();
    return node.broker(BOUND).fetch(request).getBody().toStringUtf8();
  }

  private static void remove(LocalCluster cluster, String id) {
    cluster
        .client(1)
        .admin(BOUND)
        .changeCluster(ChangeClusterRequest.newBuilder().setRemove(id).build());
  }
}
