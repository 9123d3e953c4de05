package org.raftbroker.localservers;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A short-lived program of the operating system, run to its end. */
final class ShellCommand {
  private ShellCommand() {}

  /**
   * What a program answered.
   *
   * @param output standard output and standard error, as they came
   */
  record Answer(int status, String output) {}

  /**
   * Runs a program with {@code input} on its standard input. Its messages are in English whatever
   * the machine speaks, and settings for clients of PostgreSQL do not reach it.
   *
   * @throws IOException if the program is missing, or runs for longer than {@code limit}
   */
  static Answer run(List<String> command, String input, Duration limit) throws IOException {
    // Files, not pipes: a server that the program leaves behind would hold a pipe open for good.
    Path in = Files.createTempFile("command", ".in");
    Path out = Files.createTempFile("command", ".out");
    try {
      Files.writeString(in, input);
      ProcessBuilder builder =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(in.toFile())
              .redirectOutput(out.toFile());
      builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
      builder.environment().put("LC_ALL", "C");
      Process process = builder.start();
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        throw new IOException(
            "gave up after " + limit + ": " + String.join(" ", command) + "\n" + text(out));
      }
      return new Answer(process.exitValue(), text(out));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted: " + String.join(" ", command));
    } finally {
      Files.deleteIfExists(in);
      Files.deleteIfExists(out);
    }
  }

  /**
   * As {@link #run}, for a program that must succeed.
   *
   * @throws IOException also if it fails, with what it said
   */
  static String require(List<String> command, String input, Duration limit) throws IOException {
    Answer answer = run(command, input, limit);
    if (answer.status() != 0) {
      throw new IOException(
          "failed with status "
              + answer.status()
              + ": "
              + String.join(" ", command)
              + "\n"
              + answer.output().strip());
    }
    return answer.output();
  }

  private static String text(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }
}
