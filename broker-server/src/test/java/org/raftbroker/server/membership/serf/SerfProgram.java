package org.raftbroker.server.membership.serf;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** The real {@code serf}, if this machine has it. */
final class SerfProgram {
  private SerfProgram() {}

  /** Skips the test, and says so, where it is not installed. */
  static void assumeInstalled() {
    boolean installed =
        List.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator)).stream()
            .anyMatch(directory -> Files.isExecutable(Path.of(directory, "serf")));
    if (!installed) {
      System.err.println("skipped: needs serf (apt-get install serf)");
    }
    Assumptions.assumeTrue(installed, "skipped: needs serf (apt-get install serf)");
  }

  /** Runs a command of it to its end. */
  static void run(String... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("serf"));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).inheritIO().start();
    if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(command + " failed");
    }
  }
}
