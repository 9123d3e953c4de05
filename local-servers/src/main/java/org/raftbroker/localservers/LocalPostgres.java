package org.raftbroker.localservers;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A real PostgreSQL server as a process of this machine. It lives in one directory and listens on
 * 127.0.0.1 only, without a unix socket, whose path would have to be short; users show a password.
 * It is not a child of this Java: it outlives it unless it is closed, and a later one finds it by
 * its directory.
 *
 * <p>The programs are those of {@link PostgresBinaries}: the ones that Maven brings before the
 * system's. As root they run as {@link OrdinaryUser} tells. The directory then holds:
 *
 * <pre>
 * postgresql-*   the programs, if Maven brought them
 * data           what the server stores; complete as soon as it has this name
 * postgres.log   what the server says
 * </pre>
 *
 * <p>fsync stays on: what is committed survives a power failure, as it does in production.
 */
public final class LocalPostgres implements AutoCloseable {
  private static final Duration INITDB_LIMIT = Duration.ofMinutes(2);
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
  private static final Duration END_LIMIT = Duration.ofSeconds(5);
  private static final int LOG_LINES_SHOWN = 12;

  /** SQLSTATEs of a role and of a database that are there already. */
  private static final List<String> EXISTS = List.of("42710", "42P04");

  private static final Pattern SQL_ERROR = Pattern.compile("(?:ERROR|FATAL|PANIC):\\s+(\\w{5}):.*");

  private final Path directory;
  private final Account account;
  private final ProcessHandle process;
  private final int port;

  private LocalPostgres(Path directory, Account account, ProcessHandle process, int port) {
    this.directory = directory;
    this.account = account;
    this.process = process;
    this.port = port;
  }

  /**
   * Who may use the server, and which database is theirs. The superuser {@code postgres} has the
   * same password.
   *
   * @param user of a-z, 0-9 and _, as is {@code database}
   * @param password without line breaks
   */
  public record Account(String user, String password, String database) {
    private static final Pattern NAME = Pattern.compile("[a-z_][a-z0-9_]{0,62}");

    public static final Account DEFAULT = new Account("raftbroker", "raftbroker", "raftbroker");

    public Account {
      for (String name : List.of(user, database)) {
        if (!NAME.matcher(name).matches()) {
          throw new IllegalArgumentException(
              "\"" + name + "\" must be 1 to 63 of a-z, 0-9 and _, and not begin with a digit");
        }
      }
      if (password.isEmpty() || password.chars().anyMatch(c -> c < ' ')) {
        throw new IllegalArgumentException(
            "the password must not be empty or have control characters");
      }
    }

    @Override
    public String toString() {
      return user + "@" + database; // not the password
    }
  }

  /** As {@link #start(Path, int, Account)}, with the default account. */
  public static LocalPostgres start(Path directory, int port) throws IOException {
    return start(directory, port, Account.DEFAULT);
  }

  /**
   * Starts a server and returns when it takes connections. An empty or missing directory is
   * initialised; one that was used before goes on with its data.
   *
   * @param port 0 for any that is free
   * @param account created, or its password changed, if need be
   * @throws IOException if the server does not start, with what is missing and what it said; also
   *     if one runs in this directory already
   */
  public static LocalPostgres start(Path directory, int port, Account account) throws IOException {
    Path home = Files.createDirectories(directory.toAbsolutePath().normalize());
    try (FileChannel channel =
        FileChannel.open(
            home.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      lock(channel, home);
      return startLocked(home, port == 0 ? freePort() : port, account);
    }
  }

  /** Until the channel is closed nobody else prepares the directory. */
  private static void lock(FileChannel channel, Path home) throws IOException {
    try {
      if (channel.tryLock() != null) {
        return;
      }
    } catch (OverlappingFileLockException e) {
      // held by this Java: the same answer
    }
    throw new IOException("someone else is starting a server in " + home + "; wait for that");
  }

  private static LocalPostgres startLocked(Path home, int port, Account account)
      throws IOException {
    Optional<LocalPostgres> running = running(home, account);
    if (running.isPresent()) {
      throw new IOException(
          "a server runs in "
              + home
              + " already, pid "
              + running.get().pid()
              + ", port "
              + running.get().port()
              + "; stop it first (--stop)");
    }
    OrdinaryUser user = OrdinaryUser.find();
    PostgresBinaries binaries = PostgresBinaries.find(home, user);
    Path data = data(home);
    if (!Files.isDirectory(data)) {
      initialise(data, binaries, user);
    }
    refuseOtherVersion(data, binaries);
    Files.writeString(
        data.resolve("local.conf"),
        "listen_addresses = '127.0.0.1'\nport = " + port + "\nunix_socket_directories = ''\n");
    if (!Files.exists(log(home))) {
      Files.createFile(log(home));
    }
    user.own(data);
    user.own(log(home));
    createAccount(data, account, binaries, user);
    try {
      ShellCommand.require(
          user.command(
              List.of(
                  binaries.program("pg_ctl").toString(),
                  "start",
                  "--wait",
                  "--timeout=" + START_LIMIT.toSeconds(),
                  "--pgdata=" + data,
                  "--log=" + log(home))),
          "",
          START_LIMIT.plus(END_LIMIT));
    } catch (IOException e) {
      throw new IOException(
          "PostgreSQL did not start on port " + port + "; it said:\n" + endOfLog(home), e);
    }
    return running(home, account)
        .orElseThrow(
            () -> new IOException("PostgreSQL ended after its start; it said:\n" + endOfLog(home)));
  }

  private static void initialise(Path data, PostgresBinaries binaries, OrdinaryUser user)
      throws IOException {
    Path part = data.resolveSibling("data.part");
    ShellCommand.require(List.of("rm", "-rf", part.toString()), "", START_LIMIT);
    Files.createDirectory(part);
    user.own(part);
    ShellCommand.require(
        user.command(
            List.of(
                binaries.program("initdb").toString(),
                "--pgdata=" + part,
                "--username=postgres",
                "--auth=trust", // replaced below, before anybody can connect
                "--encoding=UTF8",
                "--locale=C")),
        "",
        INITDB_LIMIT);
    Files.writeString(part.resolve("pg_hba.conf"), "host all all 127.0.0.1/32 scram-sha-256\n");
    Files.writeString(
        part.resolve("postgresql.conf"),
        "\n# written by LocalPostgres at every start\ninclude 'local.conf'\n",
        StandardOpenOption.APPEND);
    Files.move(part, data, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void refuseOtherVersion(Path data, PostgresBinaries binaries) throws IOException {
    String version = Files.readString(data.resolve("PG_VERSION")).strip();
    if (!version.equals(Integer.toString(binaries.majorVersion()))) {
      throw new IOException(
          data
              + " was written by PostgreSQL "
              + version
              + ", the server here is "
              + binaries.majorVersion()
              + "; install that version, or begin with an empty directory");
    }
  }

  /**
   * Without a connection, and so without a moment in which the server would take one without a
   * password: in single-user mode every line of the input is a statement.
   */
  private static void createAccount(
      Path data, Account account, PostgresBinaries binaries, OrdinaryUser user) throws IOException {
    String role = "\"" + account.user() + "\"";
    String password = "'" + account.password().replace("'", "''") + "'";
    String output =
        ShellCommand.require(
            user.command(
                List.of(
                    binaries.program("postgres").toString(),
                    "--single",
                    "-D",
                    data.toString(),
                    "-c",
                    "log_error_verbosity=verbose", // shows the SQLSTATE
                    "-c",
                    "log_min_error_statement=panic", // does not show the password
                    "postgres")),
            "SET standard_conforming_strings = on;\n"
                + ("ALTER ROLE postgres PASSWORD " + password + ";\n")
                + ("CREATE ROLE " + role + " LOGIN;\n")
                + ("ALTER ROLE " + role + " LOGIN PASSWORD " + password + ";\n")
                + ("CREATE DATABASE \"" + account.database() + "\" OWNER " + role + ";\n"),
            START_LIMIT);
    Matcher error = SQL_ERROR.matcher(output);
    while (error.find()) {
      if (!EXISTS.contains(error.group(1))) {
        throw new IOException("could not create " + account + ": " + error.group());
      }
    }
  }

  /** The server that runs in {@code directory}, whoever started it. */
  public static Optional<LocalPostgres> running(Path directory, Account account)
      throws IOException {
    Path home = directory.toAbsolutePath().normalize();
    Path file = data(home).resolve("postmaster.pid");
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    List<String> lines = Files.readAllLines(file); // pid, data, start time, port, ...
    if (lines.size() < 4) {
      return Optional.empty();
    }
    int port = Integer.parseInt(lines.get(3).strip());
    // After a crash of the machine the file may name a process that is somebody else's by now.
    return ProcessHandle.of(Long.parseLong(lines.get(0).strip()))
        .filter(process -> process.info().command().map(c -> c.endsWith("postgres")).orElse(true))
        .map(process -> new LocalPostgres(home, account, process, port));
  }

  /** The server's main process; its children serve the connections. */
  public long pid() {
    return process.pid();
  }

  public int port() {
    return port;
  }

  public Account account() {
    return account;
  }

  /** Without user and password. */
  public String jdbcUrl() {
    return "jdbc:postgresql://127.0.0.1:" + port + "/" + account.database();
  }

  /**
   * Stops the server: connections are ended, transactions that are under way are rolled back. One
   * that does not stop in time, or is suspended, is killed; its data is safe all the same.
   */
  @Override
  public void close() throws IOException {
    if (!process.isAlive()) {
      return;
    }
    OrdinaryUser user = OrdinaryUser.find();
    PostgresBinaries binaries = PostgresBinaries.find(directory, user);
    ShellCommand.Answer answer =
        ShellCommand.run(
            user.command(
                List.of(
                    binaries.program("pg_ctl").toString(),
                    "stop",
                    "--mode=fast",
                    "--wait",
                    "--timeout=" + STOP_LIMIT.toSeconds(),
                    "--pgdata=" + data(directory))),
            "",
            STOP_LIMIT.plus(END_LIMIT));
    if (answer.status() != 0) {
      kill();
      return;
    }
    awaitEnd();
  }

  /** Ends the server and its children at once, as a crash would. */
  public void kill() throws IOException {
    // The children first: they are found through their parent.
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    awaitEnd();
  }

  private void awaitEnd() throws IOException {
    try {
      process.onExit().get(END_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while PostgreSQL ended");
    } catch (ExecutionException | TimeoutException e) {
      throw new IOException("PostgreSQL, pid " + process.pid() + ", does not end", e);
    }
  }

  private static Path data(Path home) {
    return home.resolve("data");
  }

  private static Path log(Path home) {
    return home.resolve("postgres.log");
  }

  private static String endOfLog(Path home) {
    try {
      List<String> lines = Files.readAllLines(log(home));
      return String.join(
          "\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
    } catch (IOException e) {
      return "nothing (" + e.getMessage() + ")";
    }
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /**
   * For scripts. {@code --dir D --port P} starts a server that outlives this Java, prints {@code
   * ready pid=... url=...} and exits with 0; if it runs already, it says the same. {@code --dir D
   * --stop} ends it. 1 if that fails, 2 for a wrong argument.
   */
  public static void main(String[] arguments) {
    System.exit(LocalPostgresCommand.run(List.of(arguments), System.out, System.err));
  }
}
