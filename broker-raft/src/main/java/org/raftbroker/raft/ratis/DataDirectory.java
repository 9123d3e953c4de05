package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.io.Reader;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Properties;
import java.util.UUID;

/**
 * Everything that a node keeps on disk. One process uses it at a time; it belongs to one node of
 * one cluster, and to a number of shards, for ever: under another name or number its files would
 * mean something else.
 *
 * <pre>
 * node.properties   whose it is, and which disk this is
 * founding          how this disk became part of the cluster
 * lock              held by the running process
 * raft/UUID/        a shard's log, votes and snapshots (Ratis)
 * store/N/1          shard N's store (RocksDB); 2, 3, … after as many snapshots were installed
 * quarantine/N      that shard N was found damaged or is new here, and how far its way in has come
 * librocksdbjni…    RocksDB's native library, unpacked at each start
 * </pre>
 */
public final class DataDirectory implements AutoCloseable {
  private static final String DISK = "disk";

  private final Path root;
  private final FileChannel lockFile;
  private final boolean isNew;
  private final String disk;

  private DataDirectory(Path root, FileChannel lockFile, boolean isNew, String disk) {
    this.root = root;
    this.lockFile = lockFile;
    this.isNew = isNew;
    this.disk = disk;
  }

  /**
   * Opens the directory, creating it if need be.
   *
   * @param archive whether messages move to an archive
   * @throws IOException if it cannot be used, is in use, or belongs to another node; the message
   *     says what to do
   */
  public static DataDirectory open(
      Path root, String cluster, String nodeId, int shards, boolean archive) throws IOException {
    Files.createDirectories(root);
    FileChannel lockFile = lock(root);
    try {
      Properties wanted = new Properties();
      wanted.setProperty("cluster", cluster);
      wanted.setProperty("node", nodeId);
      wanted.setProperty("shards", Integer.toString(shards));
      wanted.setProperty("archive", Boolean.toString(archive));
      Path file = root.resolve("node.properties");
      boolean isNew = !Files.exists(file);
      if (isNew) {
        if (Files.exists(root.resolve("raft")) || Files.exists(root.resolve("store"))) {
          throw new IOException(
              root
                  + " has data but no node.properties, so it cannot be told whose it is; restore that file, or name an empty directory"
                  + " (node.dataDir)");
        }
        wanted.setProperty(DISK, UUID.randomUUID().toString());
        write(wanted, file);
      } else {
        Properties found = check(wanted, file);
        if (found.getProperty(DISK) == null) { // written before disks had names
          found.setProperty(DISK, UUID.randomUUID().toString());
          write(found, file);
        }
        wanted = found;
      }
      return new DataDirectory(root, lockFile, isNew, wanted.getProperty(DISK));
    } catch (IOException | RuntimeException e) {
      lockFile.close();
      throw e;
    }
  }

  private static FileChannel lock(Path root) throws IOException {
    FileChannel channel =
        FileChannel.open(root.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null; // held by this very process
    }
    if (lock == null) {
      channel.close();
      throw new IOException(
          root
              + " is in use by another process; stop it, or give this node a directory of its own (node.dataDir)");
    }
    return channel;
  }

  private static void write(Properties properties, Path file) throws IOException {
    Durable.write(file, properties, "Whose data this is. Not to be edited.");
  }

  private static Properties check(Properties wanted, Path file) throws IOException {
    Properties found = new Properties();
    try (Reader in = Files.newBufferedReader(file)) {
      found.load(in);
    }
    for (String key : wanted.stringPropertyNames()) {
      if (!wanted.getProperty(key).equals(found.getProperty(key))) {
        throw new IOException(
            file.getParent()
                + " belongs to "
                + key
                + " \""
                + found.getProperty(key)
                + "\", the configuration says \""
                + wanted.getProperty(key)
                + "\"; that can never change: set it back, or name an empty directory (node.dataDir)");
      }
    }
    return found;
  }

  /** Whether this was the first time that it was opened. */
  public boolean isNew() {
    return isNew;
  }

  /**
   * A random name that was made with the directory: a node that lost its disk comes back with
   * another.
   */
  public String disk() {
    return disk;
  }

  Founding founding() throws IOException {
    return Founding.read(root.resolve("founding"));
  }

  Path raft() {
    return root.resolve("raft");
  }

  StoreHome store(int shard) {
    return new StoreHome(root.resolve("store").resolve(Integer.toString(shard)));
  }

  Quarantine quarantine(int shard) {
    return new Quarantine(root.resolve("quarantine").resolve(Integer.toString(shard)));
  }

  @Override
  public void close() throws IOException {
    lockFile.close();
  }
}
