package org.raftbroker.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.raftbroker.systemtests.cluster.ServerProgram;

/** A program of {@code clients}, started by {@code clients/run}. One thread. */
final class ClientProgram implements AutoCloseable {
  /**
   * The exit code of {@code clients/build} where a language, or what a client needs, is not there.
   */
  private static final int NOT_TO_BE_HAD = 3;

  private static final Path CLIENTS =
      ServerProgram.launcher().resolveSibling("../clients").normalize();
  private static final Set<String> BUILT = new HashSet<>();

  private final Process process;
  private final Writer input;
  private final List<String> output = new CopyOnWriteArrayList<>();
  private final List<String> complaints = new CopyOnWriteArrayList<>();
  private final List<Thread> readers;

  private ClientProgram(Process process) {
    this.process = process;
    this.input = process.outputWriter(UTF_8);
    this.readers =
        List.of(
            read(process.inputReader(UTF_8), output), read(process.errorReader(UTF_8), complaints));
  }

  /** Skips the test, loudly, if the client cannot be built for want of its language. */
  static void build(String name) throws InterruptedException {
    synchronized (BUILT) {
      if (BUILT.contains(name)) {
        return;
      }
      try (ClientProgram build =
          launch(
              List.of(CLIENTS.resolve("build").toString(), name), ProcessBuilder.Redirect.PIPE)) {
        int code = build.awaitEnd(Duration.ofMinutes(10));
        String said = String.join("\n", build.printed()) + "\n" + build.complaints();
        if (code == NOT_TO_BE_HAD) {
          System.err.println("!!! " + build.complaints());
        }
        assumeTrue(code != NOT_TO_BE_HAD, said);
        if (code != 0) {
          throw new AssertionError("clients/build " + name + " ended with " + code + ": " + said);
        }
      }
      BUILT.add(name);
    }
  }

  /** Where a client of {@code clients} is. */
  static Path directory(String name) {
    return CLIENTS.resolve(name);
  }

  /** Starts what {@link #build} has built. */
  static ClientProgram start(String name, String... arguments) {
    return launch(command(name, arguments), ProcessBuilder.Redirect.PIPE);
  }

  /** Starts one that reads a file, for it may end at any time without reading anything. */
  static ClientProgram startWithInput(Path input, String name, String... arguments) {
    return launch(command(name, arguments), ProcessBuilder.Redirect.from(input.toFile()));
  }

  private static List<String> command(String name, String... arguments) {
    List<String> command = new ArrayList<>(List.of(CLIENTS.resolve("run").toString(), name));
    command.addAll(List.of(arguments));
    return command;
  }

  private static ClientProgram launch(List<String> command, ProcessBuilder.Redirect input) {
    try {
      return new ClientProgram(new ProcessBuilder(command).redirectInput(input).start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Thread read(BufferedReader reader, List<String> lines) {
    Thread thread = new Thread(() -> reader.lines().forEach(lines::add), "output of a client");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  /** Gives it further lines of input. */
  void input(List<String> lines) {
    try {
      for (String line : lines) {
        input.write(line + "\n");
      }
      input.flush();
    } catch (IOException e) {
      throw new UncheckedIOException("it has ended: " + complaints(), e);
    }
  }

  void endOfInput() {
    try {
      input.close();
    } catch (IOException e) {
      throw new UncheckedIOException("it has ended: " + complaints(), e);
    }
  }

  boolean isRunning() {
    return process.isAlive();
  }

  /** What it has written to its standard output so far. */
  List<String> printed() {
    return List.copyOf(output);
  }

  /** Of that the lines that begin with a word, without the word. */
  List<String> printed(String word) {
    return output.stream()
        .filter(line -> line.startsWith(word + " "))
        .map(line -> line.substring(word.length() + 1))
        .toList();
  }

  /** What it has written to its standard error so far. */
  String complaints() {
    return String.join("\n", complaints);
  }

  /** Waits until it has ended and all that it wrote is here; answers its exit code. */
  int awaitEnd(Duration bound) throws InterruptedException {
    if (!process.waitFor(bound.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new AssertionError(
          "it has not ended after " + bound + "; it said: " + printed() + complaints());
    }
    for (Thread reader : readers) {
      reader.join(bound.toMillis());
    }
    return process.exitValue();
  }

  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
