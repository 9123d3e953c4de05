package org.raftbroker.systemtests;

import java.nio.file.Path;

/** Where nodes log to during tests: kept after the run, beside the reports. */
final class TestLogs {
  private TestLogs() {}

  static Path directory(String test) {
    return Path.of("target", "node-logs", test).toAbsolutePath();
  }
}
