package org.raftbroker.systemtests;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A program of this machine that runs beside the nodes for as long as a test needs it. */
final class Program implements AutoCloseable {
  private final String name;
  private final Process process;

  private Program(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  /**
   * Skips the test, loudly, if one of them is not on the path.
   *
   * @param how to get them
   */
  static void requireOrSkip(String how, String... names) {
    skipUnless(
        Stream.of(names).allMatch(Program::isInstalled),
        String.join(", ", names) + " (" + how + ")");
  }

  /** Skips the test, loudly, unless what it needs is there. */
  static void skipUnless(boolean isThere, String needed) {
    String text = "skipped: needs " + needed;
    if (!isThere) {
      System.err.println(text);
    }
    assumeTrue(isThere, text);
  }

  private static boolean isInstalled(String name) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, name)));
  }

  /**
   * Starts one.
   *
   * @param log for all that it prints
   */
  static Program start(Path log, String... command) {
    try {
      Files.createDirectories(log.toAbsolutePath().getParent());
      return new Program(
          command[0],
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * @throws IllegalStateException if it has ended
   */
  void requireRunning() {
    if (!process.isAlive()) {
      throw new IllegalStateException(name + " has ended with " + process.exitValue());
    }
  }

  /** Kills it, and waits until it is gone. */
  @Override
  public void close() {
    process.destroyForcibly();
    try {
      var unused = process.waitFor(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
