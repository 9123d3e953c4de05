package org.raftbroker.systemtests.cluster;

import java.nio.file.Files;
import java.nio.file.Path;

/** The built server: {@code bin/broker-server} of this repository. */
public final class ServerProgram {
  private static final Path LAUNCHER = Path.of("bin", "broker-server");

  private ServerProgram() {}

  /**
   * The launcher, looked for from the working directory upwards.
   *
   * @throws IllegalStateException if there is none or the server is not built, with the way out
   */
  public static Path launcher() {
    Path start = Path.of("").toAbsolutePath();
    for (Path root = start; root != null; root = root.getParent()) {
      Path launcher = root.resolve(LAUNCHER);
      if (Files.isExecutable(launcher)) {
        if (!Files.isDirectory(root.resolve("broker-server/target/lib"))) {
          throw new IllegalStateException(
              "the server is not built; run `mvn -pl broker-server -am package` in " + root);
        }
        return launcher;
      }
    }
    throw new IllegalStateException("no " + LAUNCHER + " in or above " + start);
  }
}
