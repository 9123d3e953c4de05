package org.raftbroker.raft;

import java.util.List;

/** Where the replicas of shards are, as far as this node knows. Any thread; never blocks. */
public interface ReplicaDirectory {
  /**
   * Ids of the members that have a replica of a shard, this node among them if it has one. May be
   * another list at any time, and behind what is true: who is asked says so.
   */
  List<String> replicas(int shard);
}
