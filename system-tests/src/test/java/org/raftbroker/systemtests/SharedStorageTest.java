package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.raftbroker.localservers.CassandraSettings;
import org.raftbroker.localservers.LocalCassandra;
import org.raftbroker.localservers.LocalPostgres;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;

/** Three nodes that archive into a real Cassandra and a real PostgreSQL while they are used. */
@EnabledForJreRange(max = JRE.JAVA_17, disabledReason = "needs Java 17, as Cassandra 5.0 does")
@Tag("system")
class SharedStorageTest {
  private static final Duration BOUND = Duration.ofMinutes(2);

  private static @Nullable LocalPostgres postgres;
  private static @Nullable LocalCassandra cassandra;
  private static @Nullable LocalCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "shared");
    CassandraSettings settings = CassandraSettings.onFreePorts(home.resolve("cassandra"));
    postgres = LocalPostgres.start(home.resolve("postgres"), 0);
    cassandra = LocalCassandra.start(settings);
    String sections =
        """
        archive:
          enabled: true
          interval: 50ms
        cassandra:
          contactPoints: %s
        postgres:
          url: %s
          username: raftbroker
          password: raftbroker
        """
            .formatted(cassandra.contactPoint(), postgres.jdbcUrl());
    cluster =
        LocalCluster.start(
            ClusterSpec.DEFAULT.withSettings(sections),
            home.resolve("nodes"),
            home.resolve("logs"));
  }

  @AfterAll
  static void stop() throws IOException {
    if (cluster != null) {
      cluster.close();
    }
    if (cassandra != null) {
      cassandra.close();
    }
    if (postgres != null) {
      postgres.close();
    }
  }

  @Test
  void leaderKilledWhileItArchivesLosesNothing(TestReporter reporter) throws InterruptedException {
    LocalCluster nodes = cluster();
    try (Load load = Load.start(LoadPlan.mixed("archived"), nodes.clients(), 1)) {
      load.awaitAcknowledged(1_000, BOUND);

      int killed = nodes.killLeader(0);
      load.awaitAcknowledged(1_000, BOUND);
      nodes.restart(killed);
      load.awaitAcknowledged(1_000, BOUND);

      Ending.good(load, reporter);
    }
    awaitAllArchived(nodes);
    assertThat(archived(nodes)).isGreaterThan(0);
  }

  @Test
  void publishingGoesOnWhileADatabaseIsSilent(TestReporter reporter) throws Exception {
    LocalCluster nodes = cluster();
    awaitAllArchived(nodes);
    for (long database : new long[] {postgres().pid(), cassandra().pid()}) {
      try (Load load = Load.start(LoadPlan.mixed("silent-" + database), nodes.clients(), 2)) {
        signal("-STOP", database);
        try {
          load.awaitAcknowledged(2_000, BOUND);
          assertThat(load.givenUp()).isZero();
          load.stop();
        } finally {
          signal("-CONT", database);
        }
        awaitAllArchived(nodes);
        Ending.good(load, reporter);
      }
    }
  }

  /** To a server and all that it has started. */
  private static void signal(String signal, long pid) throws IOException, InterruptedException {
    StringBuilder pids = new StringBuilder(Long.toString(pid));
    ProcessHandle.of(pid)
        .orElseThrow()
        .descendants()
        .forEach(p -> pids.append(' ').append(p.pid()));
    Process kill =
        new ProcessBuilder("/bin/sh", "-c", "kill " + signal + " " + pids).inheritIO().start();
    assertThat(kill.waitFor()).isZero();
  }

  private static void awaitAllArchived(LocalCluster nodes) {
    Awaitility.await("everything is archived")
        .atMost(BOUND)
        .until(
            () -> {
              long left = 0;
              for (int n = 1; n <= nodes.size(); n++) {
                for (int shard = 0; shard < nodes.shards(); shard++) {
                  left += nodes.replica(n, shard).map(Replica::getBacklogMessages).orElse(1L);
                }
              }
              return left == 0;
            });
  }

  /** Shards that have archived something. */
  private static long archived(LocalCluster nodes) {
    long shards = 0;
    for (int shard = 0; shard < nodes.shards(); shard++) {
      shards += nodes.replica(1, shard).filter(r -> r.getArchivedIndex() > 0).stream().count();
    }
    return shards;
  }

  private static LocalCluster cluster() {
    if (cluster == null) {
      throw new IllegalStateException("the cluster was not started");
    }
    return cluster;
  }

  private static LocalPostgres postgres() {
    if (postgres == null) {
      throw new IllegalStateException("PostgreSQL was not started");
    }
    return postgres;
  }

  private static LocalCassandra cassandra() {
    if (cassandra == null) {
      throw new IllegalStateException("Cassandra was not started");
    }
    return cassandra;
  }
}
