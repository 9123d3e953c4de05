package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/**
 * The receiving end of {@link PeerLink}: submissions of other nodes enter the group commit of a
 * shard that this node leads.
 */
public interface ForwardedSubmissions {
  /**
   * Any thread; never blocks.
   *
   * @param submissions none: only asks whether this node leads
   * @return one outcome for each submission; fails if this node does not lead the shard or could
   *     not commit: the sender tries again. With {@link NotLeaderException} if it knows who leads
   */
  CompletableFuture<List<Outcome>> submit(int shard, List<Submission> submissions);
}
