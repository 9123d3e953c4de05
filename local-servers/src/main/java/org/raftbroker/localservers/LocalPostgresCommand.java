package org.raftbroker.localservers;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.raftbroker.localservers.LocalPostgres.Account;

/** The command line of {@link LocalPostgres}. */
final class LocalPostgresCommand {
  private static final String USAGE =
      """
      usage: LocalPostgres --dir DIRECTORY --port PORT [--user U] [--password P] [--database D]
             LocalPostgres --dir DIRECTORY --stop
      """;

  private LocalPostgresCommand() {}

  static int run(List<String> arguments, PrintStream out, PrintStream err) {
    try {
      Deque<String> rest = new ArrayDeque<>(arguments);
      Path directory = null;
      int port = -1;
      boolean stop = false;
      String user = Account.DEFAULT.user();
      String password = Account.DEFAULT.password();
      String database = Account.DEFAULT.database();
      while (!rest.isEmpty()) {
        String option = rest.pop();
        switch (option) {
          case "--dir" -> directory = Path.of(value(option, rest));
          case "--port" -> port = port(value(option, rest));
          case "--user" -> user = value(option, rest);
          case "--password" -> password = value(option, rest);
          case "--database" -> database = value(option, rest);
          case "--stop" -> stop = true;
          default -> throw new IllegalArgumentException("unknown option " + option);
        }
      }
      if (directory == null) {
        throw new IllegalArgumentException("--dir is missing");
      }
      if (stop == (port >= 0)) {
        throw new IllegalArgumentException("give either --port or --stop");
      }
      Account account = new Account(user, password, database);
      return stop ? stop(directory, account, out) : start(directory, port, account, out);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      err.print(USAGE);
      return 2;
    } catch (IOException e) {
      err.println(e.getMessage());
      return 1;
    }
  }

  private static int start(Path directory, int port, Account account, PrintStream out)
      throws IOException {
    Optional<LocalPostgres> running = LocalPostgres.running(directory, account);
    LocalPostgres server =
        running.isPresent() && running.get().port() == port
            ? running.get()
            : LocalPostgres.start(directory, port, account);
    out.println("ready pid=" + server.pid() + " url=" + server.jdbcUrl());
    return 0;
  }

  private static int stop(Path directory, Account account, PrintStream out) throws IOException {
    Optional<LocalPostgres> running = LocalPostgres.running(directory, account);
    if (running.isEmpty()) {
      out.println("not running");
      return 0;
    }
    running.get().close();
    out.println("stopped pid=" + running.get().pid());
    return 0;
  }

  private static String value(String option, Deque<String> rest) {
    String value = rest.poll();
    if (value == null) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return value;
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 0 && port <= 65_535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new IllegalArgumentException("--port \"" + text + "\" is not a port: 0 to 65535");
  }
}
