package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodePlace;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/**
 * The leader is cut off from its peers, and believes for a while that it leads; clients reach all.
 */
@Tag("system")
class PartitionTest {
  private static final Duration BOUND = Duration.ofMinutes(1);

  @RegisterExtension final OwnCluster own = new OwnCluster();
  @TempDir Path directory;
  private @Nullable PrivateNetwork network;

  @BeforeEach
  void needsRoot() {
    assumeTrue(PrivateNetwork.isPossible(), "skipped: needs root and iproute2");
  }

  @Test
  void isolatedLeaderRefusesTheOthersGoOnAndAllAgreeInTheEnd(TestReporter reporter)
      throws InterruptedException {
    PrivateNetwork net = PrivateNetwork.create(3);
    network = net;
    List<NodePlace> places =
        IntStream.rangeClosed(1, 3).mapToObj(n -> net.place(n, directory)).toList();
    LocalCluster cluster = own.startAt(places, ClusterSpec.DEFAULT, directory);
    try (Load load = Load.start(LoadPlan.mixed("partition"), cluster.clients(), 6)) {
      load.awaitAcknowledged(500, BOUND);

      int isolated = cluster.leaderOf(0);
      net.isolate(isolated);
      load.awaitAcknowledged(1_000, BOUND);

      PublishRequest probe =
          PublishRequest.newBuilder()
              .setSubject("partition.probe")
              .setBody(ByteString.copyFromUtf8("into the void"))
              .build();
      Duration deadline = Duration.ofSeconds(9);
      Refusal refusal = Refusal.of(() -> cluster.client(isolated).broker(deadline).publish(probe));
      assertThat(refusal.code()).as("%s", refusal).isEqualTo(Status.Code.UNAVAILABLE);
      int majority = isolated % 3 + 1;
      assertThat(cluster.client(majority).broker(BOUND).publish(probe).getId()).isEqualTo(1);

      net.heal(isolated);
      cluster.awaitWhole();
      load.awaitAcknowledged(500, BOUND);
      assertThat(load.subscribersBrokenOff()).as("subscribers that lost their stream").isEmpty();
      Ending.good(load, reporter);
    }
  }

  @AfterEach
  void removeNetwork() {
    if (network != null) {
      network.close();
    }
  }
}
