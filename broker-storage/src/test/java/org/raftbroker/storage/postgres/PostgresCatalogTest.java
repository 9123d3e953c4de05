package org.raftbroker.storage.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog.ArchiveStep;
import org.raftbroker.storage.Catalog.ArchivedShard;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;

final class PostgresCatalogTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final Subject INVOICES = new Subject("invoices");

  private PostgresConfig config = PostgresConfig.DEFAULT;
  private PostgresCatalog catalog = new PostgresCatalog(config, "c", 3);

  @BeforeEach
  void open() {
    catalog.close();
    config = PostgresServer.freshSchema();
    catalog = new PostgresCatalog(config, "c", 3);
  }

  @AfterEach
  void close() {
    catalog.close();
  }

  @Test
  void aStepIsReadBack() {
    assertThat(catalog.shard(1)).isEmpty();
    catalog.open(1, 1, 0);
    ArchivedSubject orders = new ArchivedSubject(ORDERS, 12, 10, 8, -77, 8, 900);
    ArchivedSubject invoices = new ArchivedSubject(INVOICES, 1, 1, 1, 5, 1, 10);
    List<ReservedRun> reserved = List.of(new ReservedRun(ORDERS, 9, 10));

    catalog.record(new ArchiveStep(1, 1, 40, List.of(orders, invoices), reserved, 2, 1_000));

    assertThat(catalog.shard(1)).contains(new ArchivedShard(1, 1, 40, 1_000, 2, 2));
    assertThat(catalog.subjects(1, "", 10)).containsExactly(invoices, orders);
    assertThat(catalog.subjects(1, "", 1)).containsExactly(invoices);
    assertThat(catalog.subjects(1, "invoices", 1)).containsExactly(orders);
    assertThat(catalog.subjects(0, "", 10)).isEmpty();
    assertThat(catalog.reserved(List.of(ORDERS, INVOICES))).isEqualTo(Map.of(ORDERS, reserved));
  }

  @Test
  void aStepThatWasDoneBeforeChangesNothing() {
    catalog.open(0, 1, 0);
    ArchivedSubject later = new ArchivedSubject(ORDERS, 20, 20, 20, 3, 20, 200);
    catalog.record(step(1, 50, later));

    catalog.record(step(1, 50, new ArchivedSubject(ORDERS, 20, 20, 20, 3, 99, 999)));
    catalog.record(step(1, 30, new ArchivedSubject(ORDERS, 10, 10, 10, 9, 10, 100)));

    assertThat(catalog.subjects(0, "", 10)).containsExactly(later);
    assertThat(catalog.shard(0).map(ArchivedShard::archivedIndex)).contains(50L);
  }

  @Test
  void aStepOfReservedIdsOnlyKeepsTheLastMessage() {
    catalog.open(0, 1, 0);
    catalog.record(step(1, 5, new ArchivedSubject(ORDERS, 3, 3, 3, 33, 3, 30)));

    catalog.record(step(1, 6, new ArchivedSubject(ORDERS, 9, 9, 0, 0, 3, 30)));

    assertThat(catalog.subjects(0, "", 10))
        .containsExactly(new ArchivedSubject(ORDERS, 9, 9, 3, 33, 3, 30));
  }

  @Test
  void aNewIncarnationSkipsWhatMayHaveBeenGivenOut() {
    catalog.open(0, 1, 0);
    catalog.record(step(1, 5, new ArchivedSubject(ORDERS, 7, 5, 5, 33, 5, 30)));

    catalog.open(0, 2, 100);
    catalog.open(0, 2, 100); // another leader goes on

    assertThat(catalog.subjects(0, "", 10))
        .containsExactly(new ArchivedSubject(ORDERS, 107, 107, 5, 33, 5, 30));
    assertThat(catalog.reserved(List.of(ORDERS)))
        .isEqualTo(Map.of(ORDERS, List.of(new ReservedRun(ORDERS, 6, 107))));
    assertThat(catalog.shard(0).map(ArchivedShard::archivedIndex)).contains(-1L);
    catalog.record(step(2, 1, new ArchivedSubject(ORDERS, 108, 108, 108, 34, 6, 36)));
    assertThat(catalog.subjects(0, "", 10).get(0).archivedId()).isEqualTo(108);
  }

  @Test
  void anOlderIncarnationIsRefused() {
    catalog.open(0, 2, 0);

    assertThatThrownBy(() -> catalog.open(0, 1, 0))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("incarnation 2")
        .hasMessageContaining("another cluster");
    assertThatThrownBy(() -> catalog.record(step(1, 9)))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("another cluster");
  }

  @Test
  void anotherClusterIsRefused() {
    catalog.open(0, 1, 0);

    for (PostgresCatalog other :
        List.of(new PostgresCatalog(config, "d", 3), new PostgresCatalog(config, "c", 4))) {
      try (other) {
        assertThatThrownBy(() -> other.shard(0))
            .isInstanceOf(ArchiveException.class)
            .hasMessageContaining("belongs to the cluster \"c\" of 3 shards")
            .hasMessageContaining("postgres.schema");
      }
    }
  }

  @Test
  void nodesThatStartAtOnceMakeOneSchema() {
    List<PostgresCatalog> catalogs = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      catalogs.add(new PostgresCatalog(config, "c", 3));
    }
    CompletableFuture.allOf(
            catalogs.stream()
                .map(each -> CompletableFuture.runAsync(() -> each.open(0, 1, 0)))
                .toArray(CompletableFuture[]::new))
        .join();

    assertThat(catalog.shard(0).map(ArchivedShard::incarnation)).contains(1L);
    catalogs.forEach(PostgresCatalog::close);
  }

  @Test
  void namesThatAttackStayData() {
    catalog.open(0, 1, 0);
    List<Subject> attackers =
        List.of(
            new Subject("');TRUNCATE(subjects);--"),
            new Subject("\"quoted\"$$body$$"),
            new Subject("back\\slash'||(select(1))||'"),
            new Subject("中".repeat(85)));
    List<ArchivedSubject> known =
        attackers.stream().map(s -> new ArchivedSubject(s, 1, 1, 1, 1, 1, 1)).toList();
    catalog.record(step(1, 1, known.toArray(ArchivedSubject[]::new)));

    assertThat(catalog.subjects(0, "", 10)).containsExactlyInAnyOrderElementsOf(known);
    assertThat(catalog.subjects(0, attackers.get(0).name(), 10)).hasSize(2);
    assertThat(catalog.reserved(attackers)).isEmpty();
  }

  @Test
  void aStepMayTouchManySubjects() {
    catalog.open(0, 1, 0);
    List<ArchivedSubject> many = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      many.add(new ArchivedSubject(new Subject("s" + i), 1, 1, 1, i, 1, 1));
    }
    catalog.record(step(1, 1, many.toArray(ArchivedSubject[]::new)));

    assertThat(catalog.shard(0).map(ArchivedShard::subjects)).contains(10_000L);
  }

  @Test
  void whatIsWrongIsSaid() throws Exception {
    PostgresConfig wrongPassword = PostgresServer.config("guess", "x");
    assertRefused(wrongPassword, "postgres.password");
    assertRefused(
        new PostgresConfig(
            config.url().replace("/raftbroker", "/elsewhere"),
            config.username(),
            config.password(),
            "x",
            1,
            config.connectTimeout(),
            config.queryTimeout()),
        "elsewhere",
        "postgres.url");
    assertRefused(
        new PostgresConfig(
            "jdbc:postgresql://127.0.0.1:1/raftbroker",
            config.username(),
            config.password(),
            "x",
            1,
            config.connectTimeout(),
            config.queryTimeout()),
        "127.0.0.1:1",
        "see that it runs");
    catalog.open(0, 1, 0);
    try (Connection connection =
            DriverManager.getConnection(config.url(), config.username(), config.password());
        Statement statement = connection.createStatement()) {
      statement.executeUpdate(
          "INSERT INTO "
              + config.schema()
              + ".schema_version SELECT 99, '99', 'of a newer version', type, script, checksum,"
              + " installed_by, installed_on, execution_time, success FROM "
              + config.schema()
              + ".schema_version WHERE version = '1'");
    }
    assertRefused(config, "bring schema " + config.schema() + " up to date");
  }

  private static void assertRefused(PostgresConfig config, String... said) {
    try (PostgresCatalog refused = new PostgresCatalog(config, "c", 3)) {
      assertThatThrownBy(() -> refused.shard(0))
          .isInstanceOf(ArchiveException.class)
          .hasMessageContainingAll(said)
          .hasMessageNotContaining("guess");
    }
  }

  @Test
  @Timeout(60)
  void aServerThatDoesNotAnswerHoldsNobodyForLong() throws Exception {
    catalog.open(0, 1, 0);
    signal("-STOP");
    try {
      assertThatThrownBy(() -> catalog.shard(0)).isInstanceOf(ArchiveException.class);
    } finally {
      signal("-CONT");
    }

    assertThat(catalog.shard(0)).isPresent();
  }

  /** To the server and all that it has started. */
  private static void signal(String signal) throws IOException, InterruptedException {
    ProcessHandle server = ProcessHandle.of(PostgresServer.get().pid()).orElseThrow();
    List<String> command = new ArrayList<>(List.of("kill", signal));
    command.add(Long.toString(server.pid()));
    server.descendants().forEach(child -> command.add(Long.toString(child.pid())));
    Process kill = new ProcessBuilder(command).start();
    assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
  }

  private static ArchiveStep step(long incarnation, long upToIndex, ArchivedSubject... subjects) {
    return new ArchiveStep(0, incarnation, upToIndex, List.of(subjects), List.of(), 0, 1);
  }
}
