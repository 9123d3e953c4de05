package org.raftbroker.storage.rocksdb;

import org.raftbroker.config.ConfigSection;

/**
 * The memory and form of the embedded store. YAML section {@code store}; all sizes are for the
 * node, shared by its shards.
 *
 * @param blockCacheBytes cache of what was read from disk; 4 MiB to 64 GiB, default 32 MiB. Beyond
 *     it the operating system's page cache serves
 * @param writeBufferBytes newest messages in memory before they are written to a file; 8 MiB to 16
 *     GiB, default 40 MiB. Larger buffers make fewer, larger files
 * @param backgroundThreads threads that write and merge files; 1 to 64, default 2
 * @param compress LZ4 for files; default true
 */
public record StoreConfig(
    long blockCacheBytes, long writeBufferBytes, int backgroundThreads, boolean compress) {
  private static final long GIB = 1024L * ConfigSection.MIB;

  public static final StoreConfig DEFAULT =
      new StoreConfig(32L * ConfigSection.MIB, 40L * ConfigSection.MIB, 2, true);

  public static StoreConfig read(ConfigSection yaml) {
    return new StoreConfig(
        yaml.bytes("blockCacheBytes", DEFAULT.blockCacheBytes, 4L * ConfigSection.MIB, 64 * GIB),
        yaml.bytes("writeBufferBytes", DEFAULT.writeBufferBytes, 8L * ConfigSection.MIB, 16 * GIB),
        yaml.count("backgroundThreads", DEFAULT.backgroundThreads, 1, 64),
        yaml.flag("compress", DEFAULT.compress));
  }
}
