package org.raftbroker.server.config;

import java.nio.file.Path;
import java.util.List;

/** A configuration that no node can start with: names everything that is wrong with it at once. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  ConfigException(Path file, List<String> problems) {
    super(
        (problems.size() == 1 ? "1 problem" : problems.size() + " problems")
            + " in the configuration "
            + file
            + ":\n  "
            + String.join("\n  ", problems));
    this.problems = List.copyOf(problems);
  }

  /** One line each, in the order in which they were found. */
  public List<String> problems() {
    return problems;
  }
}
