package org.raftbroker.raft.archive;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.command.Command;
import org.raftbroker.storage.ShardReader;

/** A shard as its archiver sees it: read the store, and change it through the log. Blocks. */
final class ProposingShard {
  /** Far longer than an entry takes; then another leader may be at it. */
  private static final long PROPOSAL_SECONDS = 10;

  private final ReplicatedShard shard;

  ProposingShard(ReplicatedShard shard) {
    this.shard = shard;
  }

  int number() {
    return shard.number();
  }

  boolean leads() {
    return shard.leads();
  }

  ShardReader reader() {
    return shard.reader();
  }

  /**
   * Returns once this replica has applied the command.
   *
   * @throws NotProposedException if this node does not lead, or stops leading meanwhile
   */
  void propose(Command command) throws InterruptedException {
    try {
      shard.propose(command).get(PROPOSAL_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      throw new NotProposedException(e.getCause());
    } catch (TimeoutException e) {
      throw new NotProposedException(e);
    }
  }

  /** It is open whether the command was applied; whoever leads looks and goes on from there. */
  static final class NotProposedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NotProposedException(@Nullable Throwable cause) {
      super("the shard's log did not take a command of its archiver", cause);
    }
  }
}
