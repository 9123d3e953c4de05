package org.raftbroker.cli;

/** What scripts go by; also listed in {@code brokerctl --help}. */
final class ExitCode {
  static final int OK = 0;
  static final int REFUSED = 1;
  static final int USAGE = 2;
  static final int UNAVAILABLE = 3;
  static final int NOT_FOUND = 4;

  /** 128 + SIGINT, as shells have it. */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
