package org.raftbroker.storage.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog.ArchiveStep;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.testservers.NeedsPostgres;
import org.slf4j.LoggerFactory;

/** The database is down, wrong, or not ours to use: each says so by itself, and heals. */
@NeedsPostgres
final class OutageTest {
  private static final Incarnation LIFE = new Incarnation(1, 7);

  private final PostgresConfig config = TestPostgres.freshConfig();

  @Test
  void suspendedServerHoldsNobodyForLongerThanTheTimeouts() {
    try (PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3)) {
      catalog.open(0, LIFE, 0);
      Duration limit =
          config.connectTimeout().multipliedBy(2).plus(config.queryTimeout()).plusSeconds(2);

      TestPostgres.suspend(
          () -> {
            for (int i = 0; i < 2; i++) {
              long start = System.nanoTime();
              assertThatThrownBy(() -> catalog.record(step(1)))
                  .isInstanceOf(ArchiveException.class)
                  .hasMessageContaining("cannot be reached or does not answer");
              assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(limit);
            }
          });

      catalog.record(step(2));
      assertThat(catalog.shard(0).orElseThrow().archivedIndex()).isEqualTo(2);
    }
  }

  @Test
  void nodeThatMeetsASuspendedServerFirstWorksLater() {
    try (PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3)) {
      TestPostgres.suspend(
          () ->
              assertThatThrownBy(() -> catalog.shard(0))
                  .isInstanceOf(ArchiveException.class)
                  .hasMessageContaining("cannot be reached or does not answer"));

      assertThat(catalog.shard(0)).isEmpty();
    }
  }

  @Test
  void serverThatWasRestartedIsUsedAgain() {
    try (PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3)) {
      catalog.open(0, LIFE, 0);
      catalog.record(step(1));

      TestPostgres.restart(
          () ->
              assertThatThrownBy(() -> catalog.record(step(2)))
                  .isInstanceOf(ArchiveException.class)
                  .hasMessageContaining("cannot be reached or does not answer"));

      catalog.record(step(3));
      assertThat(catalog.shard(0).orElseThrow().archivedIndex()).isEqualTo(3);
    }
  }

  @Test
  void outageIsLoggedOnceAndItsEndOnce() {
    Logger logger = (Logger) LoggerFactory.getLogger(CatalogDatabase.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.setLevel(Level.INFO);
    logger.addAppender(logged);
    try (PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3)) {
      catalog.shard(0);
      TestPostgres.restart(
          () -> {
            for (int i = 0; i < 5; i++) {
              assertThatThrownBy(() -> catalog.shard(0)).isInstanceOf(ArchiveException.class);
            }
          });
      catalog.shard(0);
      catalog.shard(0);
    } finally {
      logger.detachAppender(logged);
      logger.setLevel(null);
    }

    assertThat(logged.list)
        .extracting(event -> event.getLevel() + " " + event.getMessage())
        .containsExactly("WARN catalog unavailable", "INFO catalog available again");
  }

  @Test
  void unreachableServerIsNamed() throws IOException {
    int nobody;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobody = socket.getLocalPort();
    }
    String url = "jdbc:postgresql://127.0.0.1:" + nobody + "/raftbroker";

    assertRefused(
        TestPostgres.config(url, "raftbroker", "raftbroker", "any"),
        "PostgreSQL at " + url + " cannot be reached");
  }

  @Test
  void wrongOrMissingPasswordIsSaidAndNotShown() {
    String url = TestPostgres.url("raftbroker");

    assertRefused(
        TestPostgres.config(url, "raftbroker", "s3cret", config.schema()),
        "does not accept the password of user \"raftbroker\"; set postgres.username and"
            + " postgres.password");
    assertRefused(
        TestPostgres.config(url, "raftbroker", "", config.schema()),
        "does not accept the password");
  }

  @Test
  void missingDatabaseIsSaidWithHowToCreateIt() {
    String url = TestPostgres.url("nowhere");

    assertRefused(
        TestPostgres.config(url, "raftbroker", "raftbroker", config.schema()),
        "has no such database; create it (CREATE DATABASE ... OWNER raftbroker ENCODING 'UTF8')");
  }

  @Test
  void userThatMayNotCreateTheSchemaIsToldWhatToGrant() throws SQLException {
    String user = "guest_" + System.nanoTime();
    TestPostgres.sql("CREATE ROLE " + user + " LOGIN PASSWORD 'guest'");

    assertRefused(
        TestPostgres.config(TestPostgres.url("raftbroker"), user, "guest", config.schema()),
        "does not permit user \"" + user + "\" what the catalog needs; let it create the schema");
  }

  @Test
  void databaseInAnotherEncodingIsRefused() throws SQLException {
    String database = "latin_" + System.nanoTime();
    TestPostgres.sql(
        "CREATE DATABASE "
            + database
            + " OWNER raftbroker ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
    String url = TestPostgres.url(database);

    assertRefused(TestPostgres.config(url, "raftbroker", "raftbroker", "s"), "has encoding LATIN1");
  }

  @Test
  void schemaOfANewerVersionIsLeftAlone() throws SQLException {
    try (PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3)) {
      catalog.shard(0);
    }
    TestPostgres.sql(
        "INSERT INTO %s.flyway_schema_history SELECT installed_rank + 99, '99', 'later', type,"
                .formatted(config.schema())
            + " 'V99__later.sql', checksum, installed_by, installed_on, execution_time, success"
            + " FROM %s.flyway_schema_history WHERE version = '1'".formatted(config.schema()));

    assertRefused(config, "has version 99, which a newer RaftBroker wrote");
  }

  @Test
  void callAfterCloseIsRefused() {
    PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3);
    catalog.shard(0);
    catalog.close();

    assertThatThrownBy(() -> catalog.shard(0))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("closed");
  }

  private static void assertRefused(PostgresConfig config, String message) {
    try (PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3)) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> catalog.shard(0))
            .isInstanceOf(ArchiveException.class)
            .hasMessageContaining(message)
            .hasMessageNotContaining("s3cret");
      }
    }
  }

  private static ArchiveStep step(long index) {
    return new ArchiveStep(0, LIFE, index, List.of(), List.of(), 0, 1);
  }
}
