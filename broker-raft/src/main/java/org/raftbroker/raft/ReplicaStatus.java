package org.raftbroker.raft;

import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.ArchiveState;

/**
 * This node's replica of a shard, or that it has none, for people and metrics.
 *
 * @param leaderId the member that leads; null while unknown
 * @param commitIndex index of a log entry, not of a message; like the other indexes -1 if none
 * @param problem why the replica is out of service; null if it is not
 * @param archive how the shard stands with the archive, as far as this replica has applied
 */
public record ReplicaStatus(
    int shard,
    Role role,
    @Nullable String leaderId,
    long term,
    long commitIndex,
    long appliedIndex,
    long snapshotIndex,
    long storeBytes,
    long subjects,
    @Nullable String problem,
    ArchiveState archive) {
  public enum Role {
    /** There is no replica here, and none on its way. */
    ABSENT,
    STARTING,
    LEADER,
    FOLLOWER,
    CANDIDATE,
    /** On its way in: it does not vote, and is not read from. */
    LEARNER,
    QUARANTINED
  }

  /**
   * Of a shard that others have.
   *
   * @param leaderId the member that leads; null while unknown
   */
  public static ReplicaStatus absent(int shard, @Nullable String leaderId) {
    return new ReplicaStatus(
        shard, Role.ABSENT, leaderId, 0, -1, -1, -1, 0, 0, null, ArchiveState.NONE);
  }

  public boolean isAbsent() {
    return role == Role.ABSENT;
  }
}
