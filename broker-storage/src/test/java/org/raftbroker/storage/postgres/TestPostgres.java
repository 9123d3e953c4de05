package org.raftbroker.storage.postgres;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.raftbroker.testservers.TestServer;
import org.raftbroker.testservers.TestServers;

/** One real server for all tests of this Java; each test takes a schema of its own. */
final class TestPostgres {
  private static final AtomicInteger SCHEMAS = new AtomicInteger();

  private static @Nullable TestServer server;

  private TestPostgres() {}

  private static synchronized TestServer server() {
    if (server == null) {
      try {
        server = TestServers.postgres(Files.createTempDirectory(Path.of("target"), "postgres-"));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server;
  }

  /** As after a maintenance of the machine: stopped, then started on the same port. */
  static synchronized void restart(Runnable whileDown) {
    server().stop();
    try {
      whileDown.run();
    } finally {
      server().start();
    }
  }

  /** All processes of the server stand still meanwhile, as on a machine that hangs. */
  static void suspend(Runnable meanwhile) {
    server().pause();
    try {
      meanwhile.run();
    } finally {
      server().resume();
    }
  }

  /** For a schema that nobody used before. */
  static PostgresConfig freshConfig() {
    String schema = "test_" + System.nanoTime() + "_" + SCHEMAS.incrementAndGet();
    return config(url("raftbroker"), "raftbroker", "raftbroker", schema);
  }

  static PostgresConfig config(String url, String user, String password, String schema) {
    return new PostgresConfig(
        url, user, password, schema, 4, Duration.ofSeconds(2), Duration.ofSeconds(2));
  }

  static String url(String database) {
    return "jdbc:postgresql://127.0.0.1:" + server().port() + "/" + database;
  }

  /** As the superuser; the first column of the first row, if there is one. */
  static @Nullable String sql(String statement) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(url("raftbroker"), "postgres", "raftbroker");
        Statement plain = connection.createStatement()) {
      if (!plain.execute(statement)) {
        return null;
      }
      try (ResultSet rows = plain.getResultSet()) {
        return rows.next() ? rows.getString(1) : null;
      }
    }
  }
}
