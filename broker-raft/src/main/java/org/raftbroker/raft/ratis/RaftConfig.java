package org.raftbroker.raft.ratis;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * Elections, the log and its snapshots. YAML section {@code raft}; sizes and counts are for each
 * shard.
 *
 * @param electionTimeout a follower that hears nothing for at least this long stands for election;
 *     200 ms to 1 m, default 700 ms. It must survive a pause of the JVM or of the machine. How late
 *     the first one stands, see {@link RaftSettings}
 * @param segmentBytes largest size of one file of the log; 4 MiB to 256 MiB, default 8 MiB
 * @param logMemoryBytes heap for the newest files of the logs of all shards together; 16 MiB to 64
 *     GiB, default 96 MiB. With many shards the files are smaller than {@code segmentBytes} because
 *     of it
 * @param snapshotEveryBytes after this many bytes of log the store is made durable as a snapshot
 *     and the log behind it is dropped; 1 MiB to 64 GiB, default 256 MiB. A restart replays at most
 *     this much
 * @param snapshotEveryEntries the same, after this many entries; 100 to 100,000,000, default
 *     200,000
 * @param keepEntries how many entries behind a snapshot stay in the log, so that a follower that is
 *     a little late is not sent the whole store; 0 to 10,000,000, default 2,000
 * @param catchUpBytesPerSecond what this node takes in for replicas that come to it with nothing,
 *     all together; 8 MiB to 64 GiB, default 64 MiB. The rest of disk and network is for publishing
 */
public record RaftConfig(
    Duration electionTimeout,
    int segmentBytes,
    long logMemoryBytes,
    long snapshotEveryBytes,
    int snapshotEveryEntries,
    int keepEntries,
    long catchUpBytesPerSecond) {
  private static final long GIB = 1024L * ConfigSection.MIB;

  public static final RaftConfig DEFAULT =
      new RaftConfig(
          Duration.ofMillis(700),
          8 * ConfigSection.MIB,
          96L * ConfigSection.MIB,
          256L * ConfigSection.MIB,
          200_000,
          2_000,
          64L * ConfigSection.MIB);

  /** Reads the section; problems are collected in {@code yaml}. */
  public static RaftConfig read(ConfigSection yaml) {
    return new RaftConfig(
        yaml.duration(
            "electionTimeout",
            DEFAULT.electionTimeout,
            Duration.ofMillis(200),
            Duration.ofMinutes(1)),
        (int)
            yaml.bytes(
                "segmentBytes",
                DEFAULT.segmentBytes,
                4L * ConfigSection.MIB,
                256L * ConfigSection.MIB),
        yaml.bytes("logMemoryBytes", DEFAULT.logMemoryBytes, 16L * ConfigSection.MIB, 64 * GIB),
        yaml.bytes("snapshotEveryBytes", DEFAULT.snapshotEveryBytes, ConfigSection.MIB, 64 * GIB),
        yaml.count("snapshotEveryEntries", DEFAULT.snapshotEveryEntries, 100, 100_000_000),
        yaml.count("keepEntries", DEFAULT.keepEntries, 0, 10_000_000),
        yaml.bytes(
            "catchUpBytesPerSecond",
            DEFAULT.catchUpBytesPerSecond,
            8L * ConfigSection.MIB,
            64 * GIB));
  }
}
