package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ReplicaStatus.Role;

/** Replicas that come, go and lose their disks, while the others go on. */
class ReplicaMovesTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final RaftConfig QUICK =
      new RaftConfig(Duration.ofMillis(400), 4 << 20, 96 << 20, 1 << 20, 100, 10, 64 << 20);
  private static final int MESSAGES = 300;

  @TempDir Path directory;

  @Test
  void aReplicaMovesFromOneNodeToAnotherWithAllThatItHas() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      publish(cluster, "before");
      cluster.start("n4");
      assertThat(cluster.node("n4").shard(0).status().role()).isEqualTo(Role.ABSENT);
      String leader = cluster.awaitLeader(0);

      // Whoever leads is to go: the hardest case.
      List<String> placement =
          List.of("n1", "n2", "n3", "n4").stream().filter(id -> !id.equals(leader)).toList();
      cluster.place(List.of(placement));

      cluster.awaitVoters(0, placement.toArray(String[]::new));
      publishMore(cluster, "n4");
      cluster.node("n4").shard(0).readBarrier().get(10, TimeUnit.SECONDS);
      assertThat(cluster.node("n4").body(ORDERS, 1)).isEqualTo("before-0");
      assertThat(directory.resolve(leader).resolve("store").resolve("0")).doesNotExist();
      assertThat(directory.resolve(leader).resolve("quarantine").resolve("0")).doesNotExist();
    }
  }

  @Test
  void aNodeThatCameLaterCountsAfterARestartOfAll() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      publish(cluster, "before");
      cluster.start("n4");
      cluster.start("n5");
      cluster.place(List.of(List.of("n3", "n4", "n5")));
      cluster.awaitVoters(0, "n3", "n4", "n5");
      for (String id : List.of("n1", "n2", "n3", "n4", "n5")) {
        cluster.stop(id);
      }
      for (String id : List.of("n4", "n5", "n3")) {
        cluster.start(id);
      }

      assertThat(cluster.node(cluster.awaitLeader(0)).body(ORDERS, MESSAGES))
          .isEqualTo("before-" + (MESSAGES - 1));
      cluster.awaitVoters(0, "n3", "n4", "n5");
    }
  }

  @Test
  void aVoterWhoseDiskIsReplacedByAnEmptyOneDoesNotVoteBeforeItHasEverything() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      publish(cluster, "before");
      cluster.place(List.of(ThreeReplicas.IDS));
      String leader = cluster.awaitLeader(0);
      String lost =
          ThreeReplicas.IDS.stream().filter(id -> !id.equals(leader)).findFirst().orElseThrow();
      cluster.stop(lost);
      SnapshotDirectory.deleteTree(directory.resolve(lost));
      // With nobody to ask, the one that lost its disk is no help for a majority.
      for (String other : ThreeReplicas.IDS) {
        if (!other.equals(lost) && !other.equals(leader)) {
          cluster.stop(other);
        }
      }
      cluster.start(lost);
      ThreeReplicas.Node empty = cluster.node(lost);
      await()
          .during(Duration.ofSeconds(4))
          .atMost(ThreeReplicas.PATIENCE)
          .until(() -> empty.shard(0).status().term() == 0);
      assertThat(Files.exists(directory.resolve(lost).resolve("store").resolve("0"))).isFalse();

      for (String other : ThreeReplicas.IDS) {
        if (!other.equals(lost) && !other.equals(leader)) {
          cluster.start(other);
        }
      }

      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(
              () ->
                  empty.shard(0).status().role() == Role.FOLLOWER
                      || empty.shard(0).status().role() == Role.LEADER);
      cluster.awaitVoters(0, "n1", "n2", "n3");
      cluster.awaitSameHead(ORDERS, MESSAGES);
      publishMore(cluster, lost);
    }
  }

  @Test
  void aReplicaOnADeadNodeIsReplacedWithoutIt() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      publish(cluster, "before");
      cluster.stop("n2");
      cluster.start("n4");

      cluster.place(List.of(List.of("n1", "n3", "n4")));

      cluster.awaitVoters(0, "n1", "n3", "n4");
      cluster.start("n2"); // it was told nothing, and finds that it does not count any more
      cluster.awaitVoters(0, "n1", "n3", "n4");
      publishMore(cluster, "n1");
    }
  }

  @Test
  void whatAReplicaIsSentOnItsWayInIsHeldBack() throws Exception {
    RaftConfig slow =
        new RaftConfig(Duration.ofMillis(400), 4 << 20, 96 << 20, 1 << 30, 1 << 30, 10, 8 << 20);
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, slow)) {
      String megabyte = "x".repeat(1 << 20);
      for (int i = 0; i < 20; i++) {
        cluster.node("n1").publish(ORDERS, megabyte);
      }
      cluster.start("n4");

      long begin = System.nanoTime();
      cluster.place(List.of(List.of("n2", "n3", "n4")));
      cluster.awaitVoters(0, "n2", "n3", "n4");

      // All but what passes at once: the last one to come waits for those before it.
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThan(Duration.ofSeconds(1));
    }
  }

  private static void publish(ThreeReplicas cluster, String name) {
    for (int i = 0; i < MESSAGES; i++) {
      cluster.node("n1").publish(ORDERS, name + "-" + i);
    }
  }

  private static void publishMore(ThreeReplicas cluster, String at) {
    await()
        .atMost(ThreeReplicas.PATIENCE)
        .ignoreExceptions()
        .until(() -> cluster.node(at).publish(ORDERS, "more").id(0) > MESSAGES);
  }
}
