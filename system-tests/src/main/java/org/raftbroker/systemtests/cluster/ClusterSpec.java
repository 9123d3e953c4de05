package org.raftbroker.systemtests.cluster;

/**
 * What is special about a cluster.
 *
 * @param nodes how many
 * @param shards how many Raft groups
 * @param settings further sections of the configuration file, as they stand in it; empty for the
 *     defaults
 */
public record ClusterSpec(int nodes, int shards, String settings) {
  /** Three nodes with the settings that everybody gets. */
  public static final ClusterSpec DEFAULT = new ClusterSpec(3, 3, "");

  public ClusterSpec withSettings(String sections) {
    return new ClusterSpec(nodes, shards, sections);
  }

  /** How many nodes have a replica of a shard: the default of {@code cluster.replicas}. */
  int replicas() {
    return Math.min(3, nodes);
  }
}
