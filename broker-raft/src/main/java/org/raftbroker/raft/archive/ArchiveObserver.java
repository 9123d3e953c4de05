package org.raftbroker.raft.archive;

/** Learns what the archivers of this node do. Called on their threads; must not block. */
public interface ArchiveObserver {
  /** A step is done: its messages are in the archive, and the log says so. */
  void onArchived(int shard, int messages, long bytes, long nanos);

  /** A step failed; it will be done again. */
  void onArchiveFailure(int shard);
}
