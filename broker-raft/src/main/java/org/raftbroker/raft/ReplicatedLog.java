package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/** One shard's Raft log, as this node's replica sees it. Any thread; nothing blocks. */
public interface ReplicatedLog {
  /**
   * Proposes one log entry. Entries of one caller are proposed in call order.
   *
   * @return one outcome for each submission, once a majority has the entry fsynced and this replica
   *     has applied it; fails with any exception if this replica does not lead, or stops leading
   *     before that: whether the entry was applied is then open
   */
  CompletableFuture<List<Outcome>> append(List<Submission> submissions);

  /** Whether this replica leads and accepts entries. */
  boolean leads();

  /** The member that leads, as far as this replica knows; null while unknown. */
  @Nullable String leaderId();

  /** For how long no leader has been known; 0 while one is. */
  long leaderlessMillis();

  /** As {@link ReplicaReads#readBarrier()}; fails with any exception if no majority answers. */
  CompletableFuture<Void> readBarrier();

  /** Why this replica is out of service; null while it is not. */
  @Nullable String problem();
}
