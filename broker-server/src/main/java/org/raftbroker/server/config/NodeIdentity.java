package org.raftbroker.server.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.raftbroker.config.ConfigSection;

/**
 * Which member a process is, and where it keeps what it must not lose. YAML section {@code node}.
 *
 * @param id one of the members'
 * @param dataDir the Raft log and the store; created if it is not there. A relative one is resolved
 *     against the directory in which the process was started
 */
public record NodeIdentity(String id, Path dataDir) {
  static NodeIdentity read(ConfigSection yaml) {
    String id = yaml.text("id", "");
    if (id.isEmpty()) {
      yaml.problem("id", "missing; name the member that this node is");
    }
    String dataDir = yaml.text("dataDir", "");
    if (dataDir.isBlank()) {
      yaml.problem("dataDir", "missing; name the directory for this node's log and store");
    }
    return new NodeIdentity(id, path(yaml, dataDir));
  }

  private static Path path(ConfigSection yaml, String dataDir) {
    try {
      return Path.of(dataDir);
    } catch (InvalidPathException e) {
      yaml.problem("dataDir", "must be a path: " + e.getReason());
      return Path.of("");
    }
  }
}
