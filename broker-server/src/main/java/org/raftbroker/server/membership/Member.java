package org.raftbroker.server.membership;

import org.jspecify.annotations.Nullable;

/**
 * A node as membership reports it.
 *
 * @param id unique in the cluster, kept for the node's life
 * @param grpc where clients and peers dial
 * @param raft where replicas of shards talk to each other
 * @param http metrics and health
 * @param gossip where members find each other; null: the node takes no part in gossip
 * @param disk names the node's data directory, so that one who comes back without its data is not
 *     taken for one who has it; opaque, at most {@value #MAX_DISK_CHARS} characters, empty where it
 *     is not known
 */
public record Member(
    String id, Address grpc, Address raft, Address http, @Nullable Address gossip, String disk) {
  /** A UUID in its usual form. */
  public static final int MAX_DISK_CHARS = 36;

  public Member {
    if (disk.length() > MAX_DISK_CHARS) {
      throw new IllegalArgumentException(
          "the disk id \"" + disk + "\" has more than " + MAX_DISK_CHARS + " characters");
    }
  }

  /** One of whom no more is known. */
  public Member(String id, Address grpc, Address raft, Address http) {
    this(id, grpc, raft, http, null, "");
  }

  /** The same node, on this disk. */
  public Member withDisk(String newDisk) {
    return new Member(id, grpc, raft, http, gossip, newDisk);
  }
}
