package org.raftbroker.raft;

/** The way to replicas on other nodes, as reading needs it. */
public interface RemoteReplicas {
  /**
   * A member's replica of a shard. Each question goes to that member only, and is answered, or
   * fails, within a bound. Any thread; never blocks.
   *
   * @throws RuntimeException any, if there is no way to the member
   */
  ReplicaReads at(String memberId, int shard);
}
