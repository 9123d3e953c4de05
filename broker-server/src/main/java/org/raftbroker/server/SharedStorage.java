package org.raftbroker.server;

import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.SharedArchive;
import org.raftbroker.raft.archive.ArchiveObserver;
import org.raftbroker.raft.archive.Archiver;
import org.raftbroker.server.config.NodeConfig;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.cassandra.CassandraArchive;
import org.raftbroker.storage.postgres.PostgresCatalog;

/**
 * The databases that all nodes share, and the archiver that fills them. For the thread that owns
 * the node; a database that is down stops nothing here.
 */
final class SharedStorage {
  private final NodeConfig config;
  private final Archive archive;
  private final Catalog catalog;
  private @Nullable Archiver archiver;

  SharedStorage(NodeConfig config) {
    this.config = config;
    this.archive = CassandraArchive.connect(config.cassandra());
    this.catalog =
        new PostgresCatalog(config.postgres(), config.cluster().name(), config.cluster().shards());
  }

  /** What each shard is to know of it. */
  SharedArchive forShards() {
    return new SharedArchive(
        archive, config.archive().maxBacklogBytes() / config.cluster().shards());
  }

  /**
   * Begins to archive what this node leads.
   *
   * @param recover whether empty shards may start from what the catalog knows of them
   */
  void start(
      List<ReplicatedShard> shards,
      boolean recover,
      LongSupplier clockMillis,
      ArchiveObserver observer) {
    archiver =
        new Archiver(shards, archive, catalog, config.archive(), recover, clockMillis, observer);
    archiver.start();
  }

  /** What the operator should know of; any thread. */
  List<String> problems() {
    Archiver running = archiver;
    return running == null ? List.of() : running.problems();
  }

  /** Ends the archiver; what is archived can still be read. */
  void stopArchiving() {
    if (archiver != null) {
      archiver.close();
    }
  }

  void close() {
    archive.close();
    catalog.close();
  }
}
