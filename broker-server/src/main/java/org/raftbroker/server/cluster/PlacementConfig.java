package org.raftbroker.server.cluster;

import org.raftbroker.config.ConfigSection;

/**
 * How replicas are spread. YAML section {@code placement}; of the node that leads shard 0 it
 * counts.
 *
 * @param maxMoves how many shards may have replicas on the move at a time; 1 to 64, default 1. Each
 *     move sends a shard's store from its leader to one node: more at a time are done sooner, and
 *     leave less of disks and network to publishing meanwhile
 */
public record PlacementConfig(int maxMoves) {
  public static final PlacementConfig DEFAULT = new PlacementConfig(1);

  /** Reads the section; problems are collected in {@code yaml}. */
  public static PlacementConfig read(ConfigSection yaml) {
    return new PlacementConfig(yaml.count("maxMoves", DEFAULT.maxMoves, 1, 64));
  }
}
