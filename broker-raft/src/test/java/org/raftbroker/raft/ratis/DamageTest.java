package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ReplicaStatus;

/** What a replica does whose files were changed behind its back, while the others go on. */
class DamageTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final RaftConfig NO_SNAPSHOTS =
      new RaftConfig(Duration.ofMillis(400), 4 << 20, 96 << 20, 1 << 30, 1_000_000, 10, 64 << 20);
  private static final int MESSAGES = 40;

  @TempDir Path directory;

  @Test
  void aFlippedBitInTheLogMakesTheReplicaComeBackThroughTheOthers() throws Exception {
    damageIsHealed(
        data -> {
          Path segment = newestSegment(data);
          byte[] bytes = read(segment);
          bytes[400] ^= 1;
          write(segment, bytes);
        });
  }

  @Test
  void aLogThatIsGoneIsNotBegunAgain() throws Exception {
    damageIsHealed(
        data -> {
          for (Path group : children(data.resolve("raft"))) {
            delete(group);
          }
        });
  }

  @Test
  void aVoteThatIsForgottenIsNotCastAgain() throws Exception {
    // A disk that is full leaves the file of term and vote empty.
    damageIsHealed(
        data -> {
          for (Path group : children(data.resolve("raft"))) {
            write(group.resolve("current").resolve("raft-meta"), new byte[0]);
          }
        });
  }

  private void damageIsHealed(Consumer<Path> damage) throws Exception {
    try (ThreeReplicas cluster = new ThreeReplicas(directory, 1, NO_SNAPSHOTS)) {
      for (int i = 1; i <= MESSAGES; i++) {
        cluster.node("n1").publish(ORDERS, "body-" + i);
      }
      cluster.awaitSameHead(ORDERS, MESSAGES);
      cluster.stop("n3");
      damage.accept(directory.resolve("n3"));
      cluster.start("n3");
      ThreeReplicas.Node damaged = cluster.node("n3");

      assertThat(damaged.shard(0).status().role()).isEqualTo(ReplicaStatus.Role.QUARANTINED);
      assertThat(damaged.shard(0).status().problem()).isNotEmpty();
      cluster.awaitLeader(0);
      assertThat(cluster.node("n1").publish(ORDERS, "meanwhile").id(0)).isEqualTo(MESSAGES + 1);

      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(
              () ->
                  damaged.shard(0).status().role() == ReplicaStatus.Role.FOLLOWER
                      && !Files.exists(directory.resolve("n3/quarantine/0")));
      cluster.awaitSameHead(ORDERS, MESSAGES + 1);
      assertThat(damaged.body(ORDERS, 1)).isEqualTo("body-1");
      assertThat(children(directory.resolve("n3/quarantine")))
          .as("the damaged files are kept")
          .isNotEmpty();

      // It counts again: with another one gone, the two are a majority.
      cluster.stop("n2");
      cluster.awaitLeader(0);
      assertThat(cluster.node("n3").publish(ORDERS, "again").id(0)).isEqualTo(MESSAGES + 2);
    }
  }

  private static Path newestSegment(Path data) {
    for (Path group : children(data.resolve("raft"))) {
      for (Path file : children(group.resolve("current"))) {
        if (file.getFileName().toString().startsWith("log_")) {
          return file;
        }
      }
    }
    throw new IllegalStateException("no log in " + data);
  }

  private static List<Path> children(Path directory) {
    try (Stream<Path> children = Files.list(directory)) {
      return children.toList();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void write(Path file, byte[] bytes) {
    try {
      Files.write(file, bytes);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void delete(Path tree) {
    try {
      SnapshotDirectory.deleteTree(tree);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
