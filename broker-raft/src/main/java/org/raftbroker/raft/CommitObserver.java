package org.raftbroker.raft;

/** Watches group commit, for metrics. Called on the shard's threads; must not block. */
public interface CommitObserver {
  /**
   * One log entry of this node was acknowledged.
   *
   * @param messages how many messages it carried
   * @param bytes its encoded size
   * @param nanos from submission to acknowledgement
   */
  void onCommitted(int shard, int messages, int bytes, long nanos);

  /** A submission was not acknowledged and is tried again; {@code cause} is for people. */
  void onRetry(int shard, String cause);
}
