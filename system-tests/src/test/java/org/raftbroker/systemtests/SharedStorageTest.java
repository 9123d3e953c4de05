package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.admin.DescribeSubjectRequest;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.SubjectDescription;
import org.raftbroker.proto.admin.SubjectSettings;
import org.raftbroker.proto.admin.UpdateSubjectRequest;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.load.Load;
import org.raftbroker.systemtests.load.LoadPlan;
import org.raftbroker.testservers.NeedsCassandra;
import org.raftbroker.testservers.NeedsPostgres;
import org.raftbroker.testservers.TestServer;
import org.raftbroker.testservers.TestServers;

/** Three nodes that archive into a real Cassandra and a real PostgreSQL while they are used. */
@NeedsCassandra
@NeedsPostgres
@Tag("system")
class SharedStorageTest {
  private static final Duration BOUND = Duration.ofMinutes(2);
  private static final Duration OUTAGE = Duration.ofSeconds(Long.getLong("outageSeconds", 0));

  private static @Nullable TestServer postgres;
  private static @Nullable TestServer cassandra;
  private static @Nullable LocalCluster cluster;

  @BeforeAll
  static void start() throws IOException {
    Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "shared");
    postgres = TestServers.postgres(home.resolve("postgres"));
    cassandra = TestServers.cassandra(home.resolve("cassandra"));
    String sections =
        """
        archive:
          enabled: true
          interval: 50ms
        cassandra:
          contactPoints: 127.0.0.1:%d
        postgres:
          url: jdbc:postgresql://127.0.0.1:%d/raftbroker
          username: raftbroker
          password: raftbroker
        """
            .formatted(cassandra.port(), postgres.port());
    cluster =
        LocalCluster.start(
            ClusterSpec.DEFAULT.withSettings(sections),
            home.resolve("nodes"),
            home.resolve("logs"));
  }

  @AfterAll
  static void stop() {
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
  void whatIsPublishedIsInTheDatabasesAndInNoStore() throws Exception {
    LocalCluster nodes = cluster();
    String subject = "in.both';DROP_TABLE_subjects;--";
    for (int from = 1; from <= 10_000; from += 1_000) {
      publishAll(nodes.client(1 + from % nodes.size()), subject, from, from + 999);
    }
    awaitAllArchived(nodes);

    assertThat(catalogRow(subject))
        .containsEntry("last_id", 10_000L)
        .containsEntry("archived_id", 10_000L)
        .containsEntry("archived_messages", 10_000L);
    assertThat(rowsInCassandra(subject, 10_000)).isEqualTo(10_000);
    for (int n = 1; n <= nodes.size(); n++) {
      SubjectDescription description = describe(nodes.client(n), subject);
      assertThat(description.getStoredMessages()).isZero();
      assertThat(description.getArchivedId()).isEqualTo(10_000);
      for (long id : new long[] {1, 5_000, 10_000}) {
        assertThat(fetch(nodes.client(n), subject, id)).isEqualTo("m" + id);
      }
    }

    update(nodes.client(2), subject, SubjectSettings.newBuilder().setMaxMessages(2_000));
    Awaitility.await("settings are in the catalog, and what is too much has left the archive")
        .atMost(BOUND)
        .untilAsserted(
            () -> {
              assertThat(catalogRow(subject))
                  .containsEntry("first_id", 8_001L)
                  .containsEntry("max_messages", 2_000L);
              // Whole partitions go: 7,168 is the first id of the last one that is still needed.
              assertThat(rowsInCassandra(subject, 10_000)).isEqualTo(10_000 - 7_167);
            });

    update(nodes.client(3), subject, SubjectSettings.newBuilder().setMaxAgeSeconds(1));
    Awaitility.await("what is too old has left, too")
        .atMost(BOUND)
        .untilAsserted(
            () -> {
              assertThat(catalogRow(subject))
                  .containsEntry("first_id", 10_001L)
                  .containsEntry("max_messages", 2_000L)
                  .containsEntry("max_age_seconds", 1);
              assertThat(rowsInCassandra(subject, 10_000)).isZero();
            });
  }

  private static void update(NodeClient client, String subject, SubjectSettings.Builder settings) {
    SubjectDescription updated =
        client
            .admin(BOUND)
            .updateSubject(
                UpdateSubjectRequest.newBuilder()
                    .setSubject(subject)
                    .setSettings(settings)
                    .build());
    assertThat(updated.getSubject()).isEqualTo(subject);
  }

  private static void publishAll(NodeClient client, String subject, int from, int to) {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int id = from; id <= to; id++) {
      batch.addMessages(
          PublishRequest.newBuilder()
              .setSubject(subject)
              .setBody(ByteString.copyFromUtf8("m" + id)));
    }
    assertThat(client.broker(BOUND).publishBatch(batch.build()).getResultsList())
        .allSatisfy(result -> assertThat(result.getId()).isBetween((long) from, (long) to));
  }

  private static String fetch(NodeClient client, String subject, long id) {
    return client
        .broker(BOUND)
        .fetch(FetchRequest.newBuilder().setSubject(subject).setId(id).build())
        .getBody()
        .toStringUtf8();
  }

  private static SubjectDescription describe(NodeClient client, String subject) {
    return client
        .admin(BOUND)
        .describeSubject(DescribeSubjectRequest.newBuilder().setSubject(subject).build());
  }

  /** Values by column. */
  private static Map<String, Object> catalogRow(String subject) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(
                "jdbc:postgresql://127.0.0.1:" + postgres().port() + "/raftbroker",
                "raftbroker",
                "raftbroker");
        PreparedStatement query =
            connection.prepareStatement("SELECT * FROM raftbroker.subjects WHERE name = ?")) {
      query.setString(1, subject);
      try (ResultSet row = query.executeQuery()) {
        assertThat(row.next()).isTrue();
        Map<String, Object> values = new HashMap<>();
        ResultSetMetaData columns = row.getMetaData();
        for (int i = 1; i <= columns.getColumnCount(); i++) {
          values.put(columns.getColumnName(i), row.getObject(i));
        }
        return values;
      }
    }
  }

  private static long rowsInCassandra(String subject, long lastId) {
    try (CqlSession session =
        CqlSession.builder()
            .addContactPoint(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), cassandra().port()))
            .withLocalDatacenter("datacenter1")
            .build()) {
      long rows = 0;
      for (long bucket = 0; bucket <= lastId / 1_024; bucket++) {
        Row count =
            session
                .execute(
                    "SELECT count(*) FROM raftbroker.messages WHERE subject = ? AND bucket = ?",
                    subject,
                    bucket)
                .one();
        rows += count == null ? 0 : count.getLong(0);
      }
      return rows;
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

  /** What becomes of a database for a while. */
  enum Outage {
    PAUSED,
    STOPPED;

    void begin(TestServer database) {
      if (this == PAUSED) {
        database.pause();
      } else {
        database.stop();
      }
    }

    void end(TestServer database) {
      if (this == PAUSED) {
        database.resume();
      } else {
        database.start();
      }
    }
  }

  /** With the system property {@code outageSeconds}, as long as that. */
  @ParameterizedTest
  @EnumSource
  void publishingGoesOnWhileADatabaseIs(Outage outage, TestReporter reporter) throws Exception {
    LocalCluster nodes = cluster();
    awaitAllArchived(nodes);
    for (TestServer database : List.of(postgres(), cassandra())) {
      LoadPlan plan = LoadPlan.mixed(outage + "-" + database.port());
      try (Load load = Load.start(plan, nodes.clients(), 2)) {
        long begun = System.nanoTime();
        outage.begin(database);
        try {
          do {
            load.awaitAcknowledged(2_000, BOUND);
          } while (System.nanoTime() - begun < OUTAGE.toNanos());
          assertThat(load.givenUp()).isZero();
          load.stop();
        } finally {
          outage.end(database);
        }
        awaitAllArchived(nodes);
        Ending.good(load, reporter);
      }
    }
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

  private static TestServer postgres() {
    if (postgres == null) {
      throw new IllegalStateException("PostgreSQL was not started");
    }
    return postgres;
  }

  private static TestServer cassandra() {
    if (cassandra == null) {
      throw new IllegalStateException("Cassandra was not started");
    }
    return cassandra;
  }
}
