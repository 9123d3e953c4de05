package org.raftbroker.storage;

import java.io.IOException;
import java.nio.file.Path;

/** Opens the stores of a node's shards, and makes one out of a checkpoint. Any thread. */
public interface ShardStores {
  /**
   * Opens the store in {@code directory}, creating it if there is none.
   *
   * @throws StoreException if it is damaged, or held by another process
   */
  ShardStore open(Path directory);

  /** Whether a store is in {@code directory}. */
  boolean exists(Path directory);

  /**
   * Makes a store at {@code directory} out of a checkpoint ({@link ShardStore#checkpoint}). The
   * directory appears whole and durable, or not at all.
   *
   * @param directory must not exist, and must lie on the checkpoint's file system
   * @throws IOException if it cannot be made; what was begun is left beside it under another name,
   *     and cleared away by the next call
   */
  void restore(Path checkpoint, Path directory) throws IOException;
}
