package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
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

/** One node has no room left, and later has. */
@Tag("system")
class DiskFullTest {
  private static final Duration BOUND = Duration.ofMinutes(2);
  private static final int SMALL = 3;

  @TempDir Path directory;
  @TempDir Path smallDisk;
  @RegisterExtension final OwnCluster own = new OwnCluster();
  private boolean mounted;

  @BeforeEach
  void mountASmallDisk() {
    assumeTrue("root".equals(System.getProperty("user.name")), "skipped: needs root");
    Command.run(List.of("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", smallDisk.toString()));
    mounted = true;
  }

  @Test
  void nodeWithoutRoomStopsItsShardsTheOthersGoOnAndItComesBack(TestReporter reporter)
      throws InterruptedException, IOException {
    Path small = Files.createDirectories(smallDisk.resolve("data"));
    LocalCluster cluster =
        own.start(
            ClusterSpec.DEFAULT,
            directory,
            place -> place.id().equals("n" + SMALL) ? place.withDataDirectory(small) : place);
    LoadPlan large = LoadPlan.mixed("disk-full").withBodyBytes(16_000);
    try (Load load = Load.start(large, cluster.clients(), 7)) {
      Awaitility.await("a shard without room")
          .atMost(BOUND)
          .until(() -> problem(cluster).isPresent());
      assertThat(problem(cluster).orElseThrow()).contains("No space left");
      load.awaitAcknowledged(500, BOUND);
      assertThat(cluster.node(SMALL).isRunning()).isTrue();

      Command.run(List.of("mount", "-o", "remount,size=2g", smallDisk.toString()));
      cluster.node(SMALL).terminate();
      cluster.node(SMALL).awaitEnd(BOUND);
      cluster.restart(SMALL);
      cluster.awaitWhole();

      load.awaitAcknowledged(200, BOUND);
      Ending.good(load, reporter);
      assertThat(problem(cluster)).isEmpty();
    }
  }

  private static Optional<String> problem(LocalCluster cluster) {
    return IntStream.range(0, cluster.shards())
        .mapToObj(shard -> cluster.replica(SMALL, shard).map(Replica::getProblem).orElse(""))
        .filter(problem -> !problem.isEmpty())
        .findFirst();
  }

  @AfterEach
  void unmount() {
    if (mounted) {
      // Lazily: the nodes of a failed test end only after this.
      Command.run(List.of("umount", "--lazy", smallDisk.toString()));
    }
  }
}
