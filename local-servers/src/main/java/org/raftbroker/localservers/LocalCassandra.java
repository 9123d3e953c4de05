package org.raftbroker.localservers;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/**
 * One node of Apache Cassandra 5.0 in a process of its own, reachable from this machine only. It is
 * started with the Java that runs the caller, which has to be Java 17: Cassandra 5.0 knows no newer
 * one.
 *
 * <p>Any thread. A server that the caller does not close is killed when the caller's Java ends.
 */
public final class LocalCassandra implements AutoCloseable {
  /** A cold start takes 15 s on two free processors, and several times that on busy ones. */
  private static final Duration START_LIMIT = Duration.ofMinutes(4);

  /** It writes its memory to files first. */
  private static final Duration STOP_LIMIT = Duration.ofSeconds(30);

  private static final Duration POLL = Duration.ofMillis(200);
  private static final int SHOWN_LINES = 30;

  /** Of version 4 of the native protocol, which every Cassandra since 2.2 answers. */
  private static final byte[] OPTIONS_REQUEST = {4, 0, 0, 0, 5, 0, 0, 0, 0};

  private static final int SUPPORTED_RESPONSE = 6;

  private final CassandraSettings settings;
  private final Process process;
  private final Path log;
  private final Thread killAtExit;

  private LocalCassandra(CassandraSettings settings, Process process, Path log) {
    this.settings = settings;
    this.process = process;
    this.log = log;
    this.killAtExit = new Thread(process::destroyForcibly, "kill-cassandra-" + process.pid());
  }

  /**
   * Starts a server and waits until it answers.
   *
   * @throws IllegalStateException if its libraries are not there, a port is taken, or it does not
   *     come up; with the end of its log
   */
  public static LocalCassandra start(CassandraSettings settings) {
    Path libraries = libraries();
    requireFree(settings.cqlPort());
    requireFree(settings.storagePort());
    CassandraFiles files = new CassandraFiles(settings);
    LocalCassandra server;
    try {
      Path arguments = files.write(libraries);
      Process process =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "@" + arguments)
              .directory(settings.directory().toFile())
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.appendTo(files.log().toFile()))
              .start();
      process.getOutputStream().close();
      server = new LocalCassandra(settings, process, files.log());
    } catch (IOException e) {
      throw new UncheckedIOException("cannot start Cassandra in " + settings.directory(), e);
    }
    Runtime.getRuntime().addShutdownHook(server.killAtExit);
    server.awaitAnswer();
    return server;
  }

  /** {@code host:port}, as clients take it. */
  public String contactPoint() {
    return "127.0.0.1:" + settings.cqlPort();
  }

  public long pid() {
    return process.pid();
  }

  /** What it printed since its first start in this directory. */
  public Path log() {
    return log;
  }

  /** Stops it: politely, and by force if it does not go in time. */
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    leave();
  }

  /** From now on the server outlives this Java. */
  private void leave() {
    try {
      Runtime.getRuntime().removeShutdownHook(killAtExit);
    } catch (IllegalStateException e) {
      // This Java is ending, and the hook runs or has run.
    }
  }

  private void awaitAnswer() {
    long deadline = System.nanoTime() + START_LIMIT.toNanos();
    try {
      while (!answers()) {
        if (process.waitFor(POLL.toMillis(), TimeUnit.MILLISECONDS)) {
          leave();
          throw new IllegalStateException(
              "Cassandra ended with exit code " + process.exitValue() + " at its start" + logEnd());
        }
        if (System.nanoTime() - deadline > 0) {
          String end = logEnd();
          close();
          throw new IllegalStateException(
              "Cassandra did not answer at "
                  + contactPoint()
                  + " within "
                  + START_LIMIT.toSeconds()
                  + " s"
                  + end);
        }
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while Cassandra started", e);
    }
  }

  private boolean answers() {
    try (Socket socket = new Socket()) {
      int limitMillis = (int) Duration.ofSeconds(2).toMillis();
      socket.connect(
          new InetSocketAddress(InetAddress.getLoopbackAddress(), settings.cqlPort()), limitMillis);
      socket.setSoTimeout(limitMillis);
      socket.getOutputStream().write(OPTIONS_REQUEST);
      byte[] header = new byte[OPTIONS_REQUEST.length];
      new DataInputStream(socket.getInputStream()).readFully(header);
      return header[4] == SUPPORTED_RESPONSE;
    } catch (IOException e) {
      return false; // not yet
    }
  }

  private String logEnd() {
    Deque<String> end = new ArrayDeque<>();
    try {
      // Its lines quote what clients sent, which need not be UTF-8.
      for (String line : Files.readAllLines(log, StandardCharsets.ISO_8859_1)) {
        end.add(line);
        if (end.size() > SHOWN_LINES) {
          end.remove();
        }
      }
    } catch (IOException e) {
      return "; its log " + log + " cannot be read: " + e.getMessage();
    }
    return "; the end of " + log + ":\n  " + String.join("\n  ", end);
  }

  private static void requireFree(int port) {
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    } catch (IOException e) {
      throw new IllegalStateException(
          "Cassandra cannot have port "
              + port
              + " of 127.0.0.1; stop what uses it, or choose another",
          e);
    }
  }

  /** Beside this module's own classes, where the build puts them. */
  private static Path libraries() {
    Path classes;
    try {
      classes =
          Path.of(LocalCassandra.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException("cannot tell where the classes of this module are", e);
    }
    // target/classes or target/local-servers.jar, in the directory of the module
    Path libraries = classes.resolve("../../cassandra/target/lib").normalize();
    if (!Files.isDirectory(libraries)) {
      throw new IllegalStateException(
          "the libraries of Cassandra are not in "
              + libraries
              + "; run: mvn -pl local-servers -am package");
    }
    return libraries;
  }

  /**
   * Runs a server from a script; {@code --help} says how.
   *
   * <p>Exit code 0 if it runs detached, 143 after a stop by SIGTERM, as always with Java; 1 if it
   * did not start or ended by itself, 2 for a wrong call.
   */
  public static void main(String[] arguments) {
    System.exit(run(arguments, System.out, System.err));
  }

  static int run(String[] arguments, PrintStream out, PrintStream err) {
    LocalCassandraCall call;
    try {
      call = LocalCassandraCall.parse(arguments);
    } catch (IllegalArgumentException e) {
      err.println("cassandra: " + e.getMessage());
      err.print(LocalCassandraCall.USAGE);
      return 2;
    }
    if (call.help()) {
      out.print(LocalCassandraCall.USAGE);
      return 0;
    }
    LocalCassandra server;
    try {
      server = start(call.settings());
    } catch (IllegalStateException | UncheckedIOException e) {
      err.println("cassandra: " + e.getMessage());
      return 1;
    }
    out.println(
        "ready at " + server.contactPoint() + " pid=" + server.pid() + " log=" + server.log());
    out.flush();
    server.leave();
    if (call.detach()) {
      return 0;
    }
    Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stop-cassandra"));
    try {
      err.println("cassandra: ended with exit code " + server.process.waitFor());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 1;
  }
}
