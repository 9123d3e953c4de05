package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/** The way to other nodes, as ordering needs it. */
public interface PeerLink {
  /**
   * Hands submissions to the member that leads a shard; calls for one shard arrive there in call
   * order. Never blocks, and completes no future of an earlier call on the calling thread: the
   * caller holds a lock.
   *
   * @param submissions none: only asks whether the member leads
   * @return one outcome for each submission; fails with {@link NotLeaderException} if the member
   *     does not lead and knows who does, and with any exception if it knows nobody, is
   *     unreachable, refuses, or the connection breaks: whether the submissions were applied is
   *     then open
   */
  CompletableFuture<List<Outcome>> forward(
      String memberId, int shard, List<Submission> submissions);
}
