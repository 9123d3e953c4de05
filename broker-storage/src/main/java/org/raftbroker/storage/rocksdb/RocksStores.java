package org.raftbroker.storage.rocksdb;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.raftbroker.storage.ShardStores;
import org.raftbroker.storage.StoreException;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.Env;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.NativeLibraryLoader;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBufferManager;

/**
 * Opens the stores of a node's shards and holds what they share: memory for reading and for
 * writing. Close it after its stores.
 *
 * <p>Options that decide safety: a write touches the log's own WAL only (see {@link
 * org.raftbroker.storage.ShardStore}); files of all families are written together, so that none is
 * behind the position; checksums are verified on every read; paranoid checks refuse a damaged file
 * at open.
 */
public final class RocksStores implements ShardStores, AutoCloseable {
  /** Files of a checkpoint that a store goes on writing, or replaces. */
  private static final Pattern COPIED = Pattern.compile("CURRENT|(MANIFEST|OPTIONS)-\\d+");

  private static final long MIN_WRITE_BUFFER_BYTES = 4L << 20;
  private static final long MERGED_FILES = 8;
  private static final long FAMILIES = 2;

  /** How many blocks of memory a write buffer is filled by, at least. */
  private static final long BLOCKS = 8;

  /** Of the block cache, kept for indexes and filters: they are needed more often than messages. */
  private static final double INDEX_SHARE = 0.25;

  private final Cache blockCache;
  private final Cache writeBufferAccount;
  private final WriteBufferManager writeBuffers;
  private final BloomFilter filter;
  private final DBOptions options;
  private final ColumnFamilyOptions familyOptions;

  /**
   * @param shards how many stores will share the memory
   */
  public RocksStores(StoreConfig config, int shards) {
    RocksDB.loadLibrary();
    blockCache = new LRUCache(config.blockCacheBytes(), -1, false, INDEX_SHARE);
    // Not charged to the block cache: under load the memtables would push out every block.
    writeBufferAccount = new LRUCache(config.writeBufferBytes());
    writeBuffers = new WriteBufferManager(config.writeBufferBytes(), writeBufferAccount);
    filter = new BloomFilter(10);
    Env.getDefault().setBackgroundThreads(config.backgroundThreads());
    options =
        new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setAtomicFlush(true)
            .setParanoidChecks(true)
            .setWriteBufferManager(writeBuffers)
            .setMaxBackgroundJobs(config.backgroundThreads())
            .setMaxOpenFiles(512)
            .setKeepLogFileNum(2)
            .setMaxLogFileSize(1 << 20)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
            .setStatsDumpPeriodSec(0);
    long writeBufferBytes =
        Math.max(MIN_WRITE_BUFFER_BYTES, config.writeBufferBytes() / (2L * shards));
    // A buffer takes its memory block by block. If the first blocks of all stores filled the shared
    // memory, every write would have to flush, and nothing else would happen.
    long blockBytes = config.writeBufferBytes() / (BLOCKS * FAMILIES * shards);
    familyOptions =
        new ColumnFamilyOptions()
            .setWriteBufferSize(writeBufferBytes)
            .setArenaBlockSize(Math.min(writeBufferBytes / BLOCKS, blockBytes))
            .setMaxWriteBufferNumber(3)
            // The level that new files are merged into is written anew each time, so not much
            // larger than they are together.
            .setMaxBytesForLevelBase(MERGED_FILES * writeBufferBytes)
            // The same for all levels, so that a file that overlaps no other is moved down as it
            // is.
            .setCompressionType(
                config.compress()
                    ? CompressionType.LZ4_COMPRESSION
                    : CompressionType.NO_COMPRESSION)
            .setTableFormatConfig(
                new BlockBasedTableConfig()
                    .setBlockCache(blockCache)
                    .setBlockSize(16 * 1024)
                    // Not pinned for new files, as is often advised: they would stay so when they
                    // are moved down, and take the whole cache in the end.
                    .setCacheIndexAndFilterBlocks(true)
                    .setFilterPolicy(filter)
                    .setFormatVersion(5));
  }

  /**
   * Loads RocksDB's native library by way of a file in a directory, which each start replaces.
   * Without this call the file goes to the temporary directory under a new name each time, and a
   * process that is killed leaves it there. An environment variable ROCKSDB_SHAREDLIB_DIR wins.
   *
   * @throws IOException if the library cannot be written there or loaded from there
   */
  public static void loadLibrary(Path directory) throws IOException {
    String override = System.getenv("ROCKSDB_SHAREDLIB_DIR");
    String where = override == null ? directory.toString() : override;
    try {
      NativeLibraryLoader.getInstance().loadLibrary(where);
    } catch (IOException | UnsatisfiedLinkError e) {
      throw new IOException(
          "RocksDB's native library cannot be loaded from "
              + where
              + ": "
              + e.getMessage()
              + "; the directory must be writable and its files executable: name another in the"
              + " environment variable ROCKSDB_SHAREDLIB_DIR",
          e);
    }
  }

  @Override
  public RocksShardStore open(Path directory) {
    try {
      Files.createDirectories(directory);
      if (!exists(directory)
          && files(directory).stream().anyMatch(f -> f.toString().endsWith(".sst"))) {
        // RocksDB would begin an empty store here, and remove the tables.
        throw new StoreException(
            "cannot open the store in "
                + directory
                + ", it is damaged: there are tables, but no CURRENT",
            new IOException("no CURRENT"),
            true);
      }
      List<ColumnFamilyHandle> families = new ArrayList<>();
      return opened(
          RocksDB.open(
              options,
              directory.toString(),
              List.of(
                  new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, familyOptions),
                  new ColumnFamilyDescriptor(Rows.MESSAGES_FAMILY, familyOptions)),
              families),
          families,
          directory);
    } catch (RocksDBException e) {
      throw RocksShardStore.failure("open", directory, e);
    } catch (IOException e) {
      throw new StoreException(
          "cannot create the store in " + directory + ": " + e.getMessage(), e);
    }
  }

  private static RocksShardStore opened(
      RocksDB db, List<ColumnFamilyHandle> families, Path directory) throws RocksDBException {
    RocksShardStore store = null;
    try {
      store = new RocksShardStore(db, families, directory);
      return store;
    } finally {
      if (store == null) {
        families.forEach(ColumnFamilyHandle::close);
        db.close(); // or the directory would stay locked by us
      }
    }
  }

  @Override
  public boolean exists(Path directory) {
    return Files.exists(directory.resolve("CURRENT"));
  }

  /** Table files, which never change, are linked; the rest is copied. */
  @Override
  public void restore(Path checkpoint, Path directory) throws IOException {
    Path parent = directory.toAbsolutePath().getParent();
    if (parent == null || Files.exists(directory)) {
      throw new IOException("a store cannot be restored to " + directory + ": it is in use");
    }
    Files.createDirectories(parent);
    Path unfinished = parent.resolve(directory.getFileName() + ".restoring");
    clear(unfinished);
    Files.createDirectory(unfinished);
    for (Path file : files(checkpoint)) {
      String name = file.getFileName().toString();
      Path target = unfinished.resolve(name);
      if (name.endsWith(".sst")) {
        Files.createLink(target, file);
      } else if (COPIED.matcher(name).matches()) {
        Files.copy(file, target);
      } else {
        continue; // digests that were sent along with the files
      }
      sync(target); // the checkpoint may have come over the network, unsynced
    }
    sync(unfinished);
    Files.move(unfinished, directory, StandardCopyOption.ATOMIC_MOVE);
    sync(parent);
  }

  private static void clear(Path directory) throws IOException {
    if (Files.exists(directory)) {
      for (Path file : files(directory)) {
        Files.delete(file);
      }
      Files.delete(directory);
    }
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  /** Makes a file's content, or a directory's entries, survive a power cut. */
  private static void sync(Path path) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  @Override
  public void close() {
    for (AutoCloseable closeable :
        List.of(options, familyOptions, filter, writeBuffers, writeBufferAccount, blockCache)) {
      try {
        closeable.close();
      } catch (Exception e) {
        throw new StoreException("native memory of the stores cannot be released", e);
      }
    }
  }
}
