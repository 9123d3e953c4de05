package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.Shard;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.raftbroker.storage.rocksdb.StoreConfig;

class RatisNodeTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final RaftConfig QUICK =
      new RaftConfig(Duration.ofMillis(400), 4 << 20, 96 << 20, 1 << 20, 100, 10, 64 << 20);

  @TempDir Path directory;

  @Test
  void everyNodeGivesTheNextIdAndReadsWhatAnotherPublished() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 2, QUICK)) {
      assertThat(cluster.node("n1").publish(ORDERS, "a", "b").id(1)).isEqualTo(2);
      assertThat(cluster.node("n2").publish(ORDERS, "c").id(0)).isEqualTo(3);
      assertThat(cluster.node("n3").publish(ORDERS, "d").id(0)).isEqualTo(4);

      for (ThreeReplicas.Node node : cluster.running()) {
        assertThat(node.body(ORDERS, 4)).isEqualTo("d");
        assertThat(node.body(ORDERS, 1)).isEqualTo("a");
      }
    }
  }

  @Test
  void aReplicaThatCouldNotStartIsStartedOnceItCan() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      cluster.node("n1").publish(ORDERS, "a");
      cluster.awaitSameHead(ORDERS, 1);
      cluster.stop("n2");
      Path store = new StoreHome(directory.resolve("n2").resolve("store").resolve("0")).current();
      try (RocksStores somebodyElse = new RocksStores(StoreConfig.DEFAULT, 1);
          ShardStore opened = somebodyElse.open(store)) {
        assertThat(opened.appliedIndex()).isPositive();
        cluster.start("n2");
        assertThat(cluster.node("n2").shard(0).status().problem()).contains("cannot start");
      }

      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(() -> cluster.node("n2").shard(0).status().problem() == null);
      cluster.node("n1").publish(ORDERS, "b");
      cluster.awaitSameHead(ORDERS, 2);
    }
  }

  /**
   * Ratis completes answers under locks that a leader needs to step down: whoever asks for the next
   * barrier right there waits for ever, and the replica with him.
   */
  @Test
  @Timeout(120)
  void barriersDoNotHoldUpALeaderThatStepsDown() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      AtomicBoolean stopped = new AtomicBoolean();
      List<Thread> readers = new ArrayList<>();
      for (ThreeReplicas.Node node : cluster.running()) {
        for (int i = 0; i < 2; i++) {
          Thread reader = new Thread(() -> awaitBarriers(node.shard(0), stopped));
          reader.setDaemon(true);
          reader.start();
          readers.add(reader);
        }
      }
      for (int round = 1; round <= 15; round++) {
        String leader = cluster.awaitLeader(0);
        String next = "n" + (1 + Integer.parseInt(leader.substring(1)) % 3);
        cluster.node(leader).shard(0).transferLeadership(next).exceptionally(why -> "").join();
        cluster.node(cluster.awaitLeader(0)).publish(ORDERS, "round " + round);
        cluster.awaitSameHead(ORDERS, round);
      }
      stopped.set(true);
      for (Thread reader : readers) {
        reader.join();
      }
    }
  }

  private static void awaitBarriers(Shard shard, AtomicBoolean stopped) {
    while (!stopped.get()) {
      shard.readBarrier().exceptionally(whileLeadershipMoves -> null).join();
    }
  }

  @Test
  void fetchTellsWhyAMessageIsNotThere() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      ThreeReplicas.Node node = cluster.node("n2");
      assertThat(node.shard(0).reserve(ORDERS, 3).join()).isEqualTo(3);

      assertThat(reasonOfFetch(node, 2)).isEqualTo(Reason.ID_RESERVED);
      assertThat(reasonOfFetch(node, 4)).isEqualTo(Reason.ID_NOT_PUBLISHED);
      assertThat(node.publish(ORDERS, "x").id(0)).isEqualTo(4);
      assertThat(node.body(ORDERS, 4)).isEqualTo("x");
    }
  }

  @Test
  void acknowledgedMessagesSurviveTheLeaderAndARestartOfAll() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      publishMany(cluster.node("n1"), "before", 500);
      String leader = cluster.awaitLeader(0);
      cluster.stop(leader);
      publishMany(cluster.node(cluster.awaitLeader(0)), "after", 500);
      cluster.start(leader);
      cluster.awaitSameHead(ORDERS, 1000);

      for (ThreeReplicas.Node node : cluster.running()) {
        assertThat(node.body(ORDERS, 500)).isEqualTo("before-499");
        assertThat(node.body(ORDERS, 1000)).isEqualTo("after-499");
      }
    }
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      cluster.awaitLeader(0);
      for (ThreeReplicas.Node node : cluster.running()) {
        assertThat(node.body(ORDERS, 1)).isEqualTo("before-0");
        assertThat(node.body(ORDERS, 1000)).isEqualTo("after-499");
      }
      assertThat(cluster.node("n3").publish(ORDERS, "next").id(0)).isEqualTo(1001);
    }
  }

  @Test
  void aFollowerThatTheLogNoLongerReachesIsRebuiltFromASnapshot() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      publishMany(cluster.node("n1"), "early", 50);
      String leader = cluster.awaitLeader(0);
      String follower =
          cluster.running().stream()
              .map(n -> n.id)
              .filter(id -> !id.equals(leader))
              .findFirst()
              .orElseThrow();
      cluster.stop(follower);
      ThreeReplicas.Node publisher = cluster.node(cluster.awaitLeader(0));
      for (int round = 0; round < 400; round++) {
        publisher.publish(ORDERS, "x".repeat(20_000) + round);
      }
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(() -> publisher.shard(0).status().snapshotIndex() > 390);
      cluster.start(follower);

      ThreeReplicas.Node rebuilt = cluster.node(follower);
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(() -> rebuilt.shard(0).reader().head(ORDERS) == 450);
      assertThat(rebuilt.body(ORDERS, 450)).endsWith("x399");
      assertThat(rebuilt.body(ORDERS, 1)).isEqualTo("early-0");
      assertThat(rebuilt.skipsAhead.get()).isPositive();
    }
  }

  @Test
  void withoutAMajorityPublishesAreRefusedAndGoOnAfterwards() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      cluster.node("n1").publish(ORDERS, "a");
      cluster.stop("n2");
      cluster.stop("n3");

      assertThatThrownBy(() -> cluster.node("n1").publish(ORDERS, "b"))
          .cause()
          .isInstanceOfSatisfying(
              BrokerException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NO_QUORUM));

      cluster.start("n2");
      cluster.awaitLeader(0);
      assertThat(cluster.node("n2").publish(ORDERS, "c").id(0)).isGreaterThanOrEqualTo(2);
    }
  }

  @Test
  void leadersSpreadOverTheNodes() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 3, QUICK)) {
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .untilAsserted(
              () -> {
                assertThat(cluster.awaitLeader(0)).isEqualTo("n1");
                assertThat(cluster.awaitLeader(1)).isEqualTo("n2");
                assertThat(cluster.awaitLeader(2)).isEqualTo("n3");
              });
    }
  }

  @Test
  void concurrentPublishesOfAllNodesGetDenseIdsInOrderOnEveryNode() throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, QUICK)) {
      cluster.awaitLeader(0);
      List<CompletableFuture<Outcome>> all = new ArrayList<>();
      for (int i = 0; i < 10_000; i++) {
        ThreeReplicas.Node node = cluster.running().get(i % 3);
        all.add(node.shard(0).publish(List.of(ThreeReplicas.message(ORDERS, node.id + "-" + i))));
      }
      CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();

      for (int publisher = 0; publisher < 3; publisher++) {
        long previous = 0;
        for (int i = publisher; i < all.size(); i += 3) {
          long id = all.get(i).join().id(0);
          assertThat(id).isGreaterThan(previous);
          previous = id;
        }
      }
      cluster.awaitSameHead(ORDERS, 10_000);
      for (ThreeReplicas.Node node : cluster.running()) {
        assertThat(node.applied.stream().map(StoredMessage::id))
            .hasSize(10_000)
            .isSorted()
            .doesNotHaveDuplicates();
      }
    }
  }

  private static void publishMany(ThreeReplicas.Node node, String name, int count) {
    List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      outcomes.add(node.shard(0).publish(List.of(ThreeReplicas.message(ORDERS, name + "-" + i))));
    }
    CompletableFuture.allOf(outcomes.toArray(CompletableFuture[]::new)).join();
  }

  private static Reason reasonOfFetch(ThreeReplicas.Node node, long id) {
    BrokerException refusal =
        catchThrowableOfType(
            BrokerException.class,
            () -> {
              try {
                node.shard(0).fetch(ORDERS, id).join();
              } catch (CompletionException e) {
                throw e.getCause();
              }
            });
    return refusal.reason();
  }
}
