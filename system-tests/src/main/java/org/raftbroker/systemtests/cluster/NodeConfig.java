package org.raftbroker.systemtests.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes a node's configuration file. */
final class NodeConfig {
  private NodeConfig() {}

  /**
   * @param members the first ones; a node that is not among them gives its own addresses
   * @param settings further sections, as they stand in the file
   */
  static Path write(
      Path file, NodePlace place, List<NodePlace> members, int shards, String settings) {
    StringBuilder yaml =
        new StringBuilder()
            .append("cluster:\n")
            .append("  name: systemtests\n")
            .append("  secret: for-system-tests-only\n")
            .append("  shards: ")
            .append(shards)
            .append("\n  members:\n");
    for (NodePlace member : members) {
      yaml.append("    - id: ").append(member.id()).append('\n');
      appendAddresses(yaml, "      ", member.host(), member);
    }
    yaml.append("node:\n")
        .append("  id: ")
        .append(place.id())
        .append("\n  dataDir: ")
        .append(place.dataDirectory())
        .append('\n');
    if (!members.contains(place)) {
      appendAddresses(yaml, "  ", place.host(), place);
    }
    if (!place.host().equals(place.clientHost())) {
      yaml.append("listen:\n");
      appendAddresses(yaml, "  ", "0.0.0.0", place);
    }
    yaml.append(settings);
    try {
      return Files.writeString(file, yaml);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void appendAddresses(
      StringBuilder yaml, String indent, String host, NodePlace place) {
    yaml.append(indent).append("grpc: ").append(host).append(':').append(place.grpcPort());
    yaml.append('\n');
    yaml.append(indent).append("raft: ").append(host).append(':').append(place.raftPort());
    yaml.append('\n');
    yaml.append(indent).append("http: ").append(host).append(':').append(place.httpPort());
    yaml.append('\n');
    yaml.append(indent).append("gossip: ").append(host).append(':').append(place.gossipPort());
    yaml.append('\n');
  }
}
