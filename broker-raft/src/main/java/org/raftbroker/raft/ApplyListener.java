package org.raftbroker.raft;

import java.util.List;
import org.raftbroker.message.StoredMessage;

/** Learns what was applied on this node. */
public interface ApplyListener {
  /**
   * New messages of one shard are in the local store and may be delivered. Called on the shard's
   * apply thread, in log order, never twice for a message unless the replica is rebuilt in between;
   * must not block and must not throw.
   *
   * @param messages in the order in which they got their ids; several subjects mixed
   */
  void onApplied(int shard, List<StoredMessage> messages);

  /**
   * This replica skipped ahead by installing a snapshot: messages that {@link #onApplied} never
   * told of are in the store now. Called on the shard's apply thread.
   */
  void onSkippedAhead(int shard);

  /**
   * This node's replica has begun to serve, or has ceased to: from now on {@link
   * ReplicatedShard.Replica#serves()} says which. What was applied before it ceased was told of;
   * what is applied from its beginning on will be. Any thread; must not block and must not throw.
   */
  void onReplicaChanged(int shard);
}
