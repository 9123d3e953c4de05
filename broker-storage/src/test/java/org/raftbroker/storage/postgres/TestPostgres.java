package org.raftbroker.storage.postgres;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.raftbroker.localservers.LocalPostgres;
import org.raftbroker.localservers.LocalPostgres.Account;

/** One real server for all tests of a run; each test takes a schema of its own. */
final class TestPostgres {
  private static final Path DIRECTORY = Path.of("target", "postgres");
  private static final AtomicInteger SCHEMAS = new AtomicInteger();

  /** Programs that an earlier run unpacked are used again, and so is its data. */
  private static @Nullable LocalPostgres server;

  private TestPostgres() {}

  static synchronized LocalPostgres server() {
    try {
      if (server == null) {
        Optional<LocalPostgres> left = LocalPostgres.running(DIRECTORY, Account.DEFAULT);
        if (left.isPresent()) {
          left.get().kill(); // by a run that was killed
        }
        server = LocalPostgres.start(DIRECTORY, 0);
        Runtime.getRuntime().addShutdownHook(new Thread(TestPostgres::stopAtExit));
      }
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void stopAtExit() {
    try {
      server().kill();
    } catch (IOException e) {
      System.err.println("the server of the tests stays behind: " + e.getMessage());
    }
  }

  /** As after a maintenance of the machine: stopped, then started on the same port. */
  static synchronized void restart(Runnable whileDown) throws IOException {
    int port = server().port();
    server().close();
    try {
      whileDown.run();
    } finally {
      server = LocalPostgres.start(DIRECTORY, port);
    }
  }

  /** All processes of the server stand still meanwhile, as on a machine that hangs. */
  static void suspend(Runnable meanwhile) throws IOException, InterruptedException {
    List<String> pids =
        ProcessHandle.of(server().pid()).stream()
            .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
            .map(process -> Long.toString(process.pid()))
            .toList();
    signal("-STOP", pids);
    try {
      meanwhile.run();
    } finally {
      signal("-CONT", pids);
    }
  }

  private static void signal(String signal, List<String> pids)
      throws IOException, InterruptedException {
    List<String> command = Stream.concat(Stream.of("kill", signal), pids.stream()).toList();
    new ProcessBuilder(command).inheritIO().start().waitFor();
  }

  /** For a schema that nobody used before. */
  static PostgresConfig freshConfig() {
    String schema = "test_" + System.nanoTime() + "_" + SCHEMAS.incrementAndGet();
    return config(server().jdbcUrl(), Account.DEFAULT.user(), Account.DEFAULT.password(), schema);
  }

  static PostgresConfig config(String url, String user, String password, String schema) {
    return new PostgresConfig(
        url, user, password, schema, 4, Duration.ofSeconds(2), Duration.ofSeconds(2));
  }

  /** As the superuser; the first column of the first row, if there is one. */
  static @Nullable String sql(String statement) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection(server().jdbcUrl(), "postgres", "raftbroker");
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
