package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.systemtests.cluster.BrokerProcess;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;

/** Brokers beside Serf agents: both see the same members. */
@Tag("system")
class SerfTest {
  /** The fewer agents there are to confirm it, the longer Serf waits before it calls one failed. */
  private static final Duration BOUND = Duration.ofSeconds(90);

  @RegisterExtension final OwnCluster own = new OwnCluster();
  @TempDir Path directory;

  @Test
  void serfListsTheBrokersAndBrokersTellAgentsThatLeftFromThoseThatFailed() {
    SerfAgents.requireOrSkip();
    try (SerfAgents agents = SerfAgents.start(3, directory)) {
      LocalCluster cluster =
          own.startEach(
              ClusterSpec.DEFAULT,
              directory,
              n -> "membership: {provider: serf, serf: {rpc: \"" + agents.rpc(n) + "\"}}\n");

      Awaitility.await("all brokers see each other")
          .atMost(BOUND)
          .untilAsserted(
              () -> {
                for (int n = 1; n <= 3; n++) {
                  assertThat(states(cluster, n))
                      .isEqualTo(Map.of("n1", "UP", "n2", "UP", "n3", "UP"));
                }
              });
      Awaitility.await("serf members lists the brokers")
          .atMost(BOUND)
          .untilAsserted(
              () -> {
                for (int n = 1; n <= 3; n++) {
                  BrokerProcess broker = cluster.node(n);
                  assertThat(agents.members(1).lines())
                      .anySatisfy(
                          line ->
                              assertThat(line)
                                  .contains("alive")
                                  .contains("cluster=systemtests")
                                  .contains("id=" + broker.id())
                                  .contains("grpc=127.0.0.1:" + broker.place().grpcPort())
                                  .contains("raft=127.0.0.1:" + broker.place().raftPort())
                                  .contains("http=127.0.0.1:" + broker.place().httpPort()));
                }
              });

      agents.leave(2);
      agents.kill(3);

      Awaitility.await("one has left, one has failed")
          .atMost(BOUND)
          .untilAsserted(
              () ->
                  assertThat(states(cluster, 1))
                      .isEqualTo(Map.of("n1", "UP", "n2", "LEFT", "n3", "DOWN failed")));
      // Their brokers are there still, and know nothing else.
      assertThat(states(cluster, 2)).containsEntry("n2", "UP").containsEntry("n1", "UP");
    }
  }

  private static Map<String, String> states(LocalCluster cluster, int at) {
    return cluster.describe(at).getMembersList().stream()
        .collect(
            Collectors.toMap(
                Member::getId,
                member -> (member.getState() + " " + member.getDownReason()).strip()));
  }
}
