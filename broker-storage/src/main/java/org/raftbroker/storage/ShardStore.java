package org.raftbroker.storage;

import java.nio.file.Path;

/**
 * One replica's copy of a shard on this node's disk. The Raft log is its write-ahead log: what a
 * crash takes from the store, the log puts back, from {@link #appliedIndex()} on.
 *
 * <p>{@link #write}, {@link #view} and {@link #checkpoint} belong to the shard's apply thread;
 * {@link #reader()} is for all.
 */
public interface ShardStore extends AutoCloseable {
  /** The state that the next entry finds. */
  ShardView view();

  ShardReader reader();

  /** Log index of the last entry in this store, in memory or on disk; -1 if none. */
  long appliedIndex();

  /** Raft term of that entry; 0 if none. */
  long appliedTerm();

  /**
   * Applies one entry's changes, all or none.
   *
   * @throws StoreException if they cannot be written; the store takes no further write
   */
  void write(Changes changes);

  /**
   * Makes a copy of the whole store at {@code directory}, which must not exist but lie on the same
   * file system (files are hard links). Everything up to {@link #appliedIndex()} is on disk
   * afterwards.
   */
  void checkpoint(Path directory);

  /** Bytes on disk, roughly. */
  long diskBytes();

  /** How many subjects it knows. */
  long subjects();

  @Override
  void close();
}
