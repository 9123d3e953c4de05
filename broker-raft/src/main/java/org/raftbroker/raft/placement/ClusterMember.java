package org.raftbroker.raft.placement;

/**
 * A member as the cluster map knows it.
 *
 * @param grpc where clients and peers dial, as {@code host:port}
 * @param raft where replicas of shards talk to each other
 * @param http metrics and health
 * @param disk which data directory it came with; one that lost it comes with another
 */
public record ClusterMember(
    String id, String grpc, String raft, String http, String disk, State state) {

  /** What is to become of a member. */
  public enum State {
    ACTIVE,
    /** Its replicas move away; it stays a member without any. */
    DRAINING,
    /** The same, and then it is forgotten. */
    LEAVING
  }

  public ClusterMember withState(State changed) {
    return new ClusterMember(id, grpc, raft, http, disk, changed);
  }
}
