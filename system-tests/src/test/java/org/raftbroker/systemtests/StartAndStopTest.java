package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.systemtests.cluster.BrokerProcess;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** A node that may not start says why and what to do; one that is to stop does, in time. */
@Tag("system")
@SharedCluster.Usual
class StartAndStopTest {
  private static final Duration REFUSAL_BOUND = Duration.ofSeconds(30);

  /** The default of shutdown.timeout, and something for the JVM to end. */
  private static final Duration STOP_BOUND = Duration.ofSeconds(25);

  @TempDir Path directory;

  @Test
  void secondProcessOnTheSameDataIsRefused(LocalCluster cluster) {
    BrokerProcess first = cluster.node(1);
    BrokerProcess second =
        new BrokerProcess(first.place(), first.configFile(), directory.resolve("second.log"));

    second.start();

    assertThat(second.awaitEnd(REFUSAL_BOUND)).as(second.log()).isEqualTo(1);
    assertThat(second.log()).contains(first.place().dataDirectory().toString()).contains("in use");
    assertThat(cluster.client(1).publish("start-and-stop.first", "still here")).isPositive();
  }

  @Test
  void wrongConfigurationIsRefusedWithAllItsProblems(LocalCluster cluster) throws IOException {
    String right = Files.readString(cluster.node(1).configFile());
    String wrong =
        right
                .replace("shards: 3", "shards: three")
                .replace("name: systemtests", "name: Not A Name")
                .replace("dataDir:", "dataDri:")
            + "groupCommit:\n  maxBatchBytes: 1\n"
            + "raft:\n  electionTimeout: 5\n";
    Path file = Files.writeString(directory.resolve("wrong.yaml"), wrong);
    BrokerProcess node =
        new BrokerProcess(cluster.node(1).place(), file, directory.resolve("wrong.log"));

    node.start();

    assertThat(node.awaitEnd(REFUSAL_BOUND)).as(node.log()).isEqualTo(2);
    assertThat(node.log())
        .contains("cluster.shards")
        .contains("cluster.name")
        .contains("node.dataDri")
        .contains("dataDir")
        .contains("groupCommit.maxBatchBytes")
        .contains("raft.electionTimeout");
  }

  @Test
  void clusterToldToStopStopsInTimeAndKeepsWhatItHas(LocalCluster cluster) {
    long id = cluster.client(2).publish("start-and-stop.kept", "kept");

    for (int n = 1; n <= cluster.size(); n++) {
      cluster.node(n).terminate();
    }
    for (int n = 1; n <= cluster.size(); n++) {
      assertThat(cluster.node(n).awaitEnd(STOP_BOUND)).isZero();
    }
    cluster.makeWhole();

    assertThat(cluster.client(3).publish("start-and-stop.kept", "next")).isEqualTo(id + 1);
  }
}
