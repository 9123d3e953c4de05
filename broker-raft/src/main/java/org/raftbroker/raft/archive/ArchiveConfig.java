package org.raftbroker.raft.archive;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * Whether and how messages move to an archive that all nodes share. YAML section {@code archive};
 * sections {@code cassandra} and {@code postgres} say where it is.
 *
 * @param enabled default false: messages stay in the nodes' own stores. The same on every node, and
 *     never changed for a cluster that has messages
 * @param maxBacklogBytes most bytes on this node that are not archived yet, shared out evenly to
 *     the shards; 16 MiB to 16 TiB, default 8 GiB. Past it publishes are refused with BACKLOG_FULL.
 *     An hour without the databases at 5,000 messages of 256 bytes a second needs about 6 GiB
 * @param interval how long messages wait for others to be moved with; 10 ms to 1 h, default 1 s.
 *     Shorter intervals make more and smaller transactions
 * @param maxStepMessages most messages that are moved at a time, give or take a log entry; 1 to
 *     1000000, default 20000
 * @param maxStepBytes the same in bytes; 64 KiB to 1 GiB, default 8 MiB. An archiver holds so much
 *     in memory, one for each shard that this node leads
 */
public record ArchiveConfig(
    boolean enabled,
    long maxBacklogBytes,
    Duration interval,
    int maxStepMessages,
    long maxStepBytes) {
  private static final long GIB = 1024L * ConfigSection.MIB;

  public static final ArchiveConfig DEFAULT =
      new ArchiveConfig(false, 8 * GIB, Duration.ofSeconds(1), 20_000, 8L * ConfigSection.MIB);

  public static ArchiveConfig read(ConfigSection yaml) {
    return new ArchiveConfig(
        yaml.flag("enabled", DEFAULT.enabled),
        yaml.bytes(
            "maxBacklogBytes", DEFAULT.maxBacklogBytes, 16L * ConfigSection.MIB, 16 * 1024 * GIB),
        yaml.duration("interval", DEFAULT.interval, Duration.ofMillis(10), Duration.ofHours(1)),
        yaml.count("maxStepMessages", DEFAULT.maxStepMessages, 1, 1_000_000),
        yaml.bytes("maxStepBytes", DEFAULT.maxStepBytes, 64L * ConfigSection.KIB, GIB));
  }
}
