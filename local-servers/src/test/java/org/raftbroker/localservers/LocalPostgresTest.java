package org.raftbroker.localservers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.postgresql.ds.PGSimpleDataSource;
import org.raftbroker.localservers.LocalPostgres.Account;

final class LocalPostgresTest {
  private static final String WRONG_PASSWORD = "28P01";
  private static final Duration LIMIT = Duration.ofMinutes(2);

  @TempDir private Path directory;

  @AfterEach
  void stop() throws IOException {
    var running = LocalPostgres.running(directory, Account.DEFAULT);
    if (running.isPresent()) {
      running.get().kill();
    }
  }

  @Test
  void takesTheRightPasswordOnly() throws Exception {
    LocalPostgres server = LocalPostgres.start(directory, 0);

    assertThat(query(server, "raftbroker", "raftbroker", "SELECT current_database()"))
        .isEqualTo("raftbroker");
    assertThat(query(server, "postgres", "raftbroker", "SELECT usesuper FROM pg_user LIMIT 1"))
        .isEqualTo("t");
    assertThatThrownBy(() -> query(server, "raftbroker", "wrong", "SELECT 1"))
        .isInstanceOfSatisfying(
            SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo(WRONG_PASSWORD));
    assertThat(query(server, "raftbroker", "raftbroker", "SHOW fsync")).isEqualTo("on");
  }

  @Test
  void goesOnWithItsDataAfterAStopAndAfterACrash() throws Exception {
    LocalPostgres first = LocalPostgres.start(directory, 0);
    execute(first, "CREATE TABLE kept (n int)");
    execute(first, "INSERT INTO kept VALUES (1)");
    first.close();
    assertThat(ProcessHandle.of(first.pid())).isEmpty();

    LocalPostgres second = LocalPostgres.start(directory, 0);
    execute(second, "INSERT INTO kept VALUES (2)");
    second.kill();
    LocalPostgres third = LocalPostgres.start(directory, 0);

    assertThat(query(third, "raftbroker", "raftbroker", "SELECT sum(n) FROM kept")).isEqualTo("3");
  }

  @Test
  void secondStartInTheSameDirectoryIsRefused() throws Exception {
    LocalPostgres server = LocalPostgres.start(directory, 0);

    assertThatThrownBy(() -> LocalPostgres.start(directory, 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("runs in " + directory + " already, pid " + server.pid())
        .hasMessageContaining("--stop");
  }

  @Test
  void portInUseIsSaidByTheServersLog() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      int port = taken.getLocalPort();

      assertThatThrownBy(() -> LocalPostgres.start(directory, port))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("did not start on port " + port)
          .hasMessageContaining("Address already in use");
    }
  }

  @Test
  void dataOfAnotherVersionIsLeftAlone() throws Exception {
    LocalPostgres.start(directory, 0).close();
    Files.writeString(directory.resolve("data/PG_VERSION"), "9\n");

    assertThatThrownBy(() -> LocalPostgres.start(directory, 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("was written by PostgreSQL 9, the server here is");
  }

  @Test
  void systemsServerServesWhereThereIsNoBundle() throws Exception {
    var system = PostgresBinaries.system(OrdinaryUser.find());
    assumeTrue(system.isPresent(), "this machine has no server of its own");

    assertThat(system.get().majorVersion()).isGreaterThan(9);
  }

  @Test
  void launcherLeavesTheServerBehindAndStopsItByItsDirectory() throws Exception {
    String started = launch("--dir", directory.toString(), "--port", "0");
    LocalPostgres server = LocalPostgres.running(directory, Account.DEFAULT).orElseThrow();
    assertThat(started.strip())
        .isEqualTo("ready pid=" + server.pid() + " url=" + server.jdbcUrl())
        .isEqualTo(
            launch("--dir", directory.toString(), "--port", Integer.toString(server.port()))
                .strip());
    assertThat(query(server, "raftbroker", "raftbroker", "SELECT 1")).isEqualTo("1");

    launch("--dir", directory.toString(), "--stop");

    assertThat(LocalPostgres.running(directory, Account.DEFAULT)).isEmpty();
    assertThat(launch("--dir", directory.toString(), "--stop").strip()).isEqualTo("not running");
  }

  /** In a Java of its own, as scripts do. */
  private static String launch(String... arguments) throws IOException {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                LocalPostgres.class.getName()));
    command.addAll(List.of(arguments));
    return ShellCommand.require(command, "", LIMIT);
  }

  private static String query(LocalPostgres server, String user, String password, String sql)
      throws SQLException {
    try (Connection connection = connect(server, user, password);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private static void execute(LocalPostgres server, String sql) throws SQLException {
    Account account = server.account();
    try (Connection connection = connect(server, account.user(), account.password());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static Connection connect(LocalPostgres server, String user, String password)
      throws SQLException {
    PGSimpleDataSource database = new PGSimpleDataSource();
    database.setUrl(server.jdbcUrl());
    return database.getConnection(user, password);
  }
}
