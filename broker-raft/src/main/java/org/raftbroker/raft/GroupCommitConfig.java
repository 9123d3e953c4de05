package org.raftbroker.raft;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * How publishes are gathered into Raft entries. YAML section {@code groupCommit}.
 *
 * @param maxBatchBytes a batch that has reached this many bytes takes no further message; 64 KiB to
 *     8 MiB, default 512 KiB. Larger entries spend fewer fsyncs per message; smaller ones shorten
 *     the wait of a small message behind large ones
 * @param maxBatchMessages most messages in one batch; 1 to 65536, default 4096. Bounds the work of
 *     one apply
 * @param maxPendingBytes most bytes of messages that wait on this node for their acknowledgement,
 *     for each shard; 1 MiB to 1 GiB, default 16 MiB. Past it publishes are refused with
 *     TOO_MANY_PENDING
 * @param commitTimeout how long a publish waits for a majority before it is refused with NO_QUORUM;
 *     100 ms to 5 m, default 10 s. A client's shorter deadline ends its own wait sooner
 */
public record GroupCommitConfig(
    int maxBatchBytes, int maxBatchMessages, long maxPendingBytes, Duration commitTimeout) {
  public static final GroupCommitConfig DEFAULT =
      new GroupCommitConfig(
          512 * ConfigSection.KIB, 4096, 16L * ConfigSection.MIB, Duration.ofSeconds(10));

  /** Reads the section; problems are collected in {@code yaml}. */
  public static GroupCommitConfig read(ConfigSection yaml) {
    return new GroupCommitConfig(
        (int)
            yaml.bytes(
                "maxBatchBytes",
                DEFAULT.maxBatchBytes,
                64 * ConfigSection.KIB,
                8 * ConfigSection.MIB),
        yaml.count("maxBatchMessages", DEFAULT.maxBatchMessages, 1, 65_536),
        yaml.bytes(
            "maxPendingBytes",
            DEFAULT.maxPendingBytes,
            ConfigSection.MIB,
            1024L * ConfigSection.MIB),
        yaml.duration(
            "commitTimeout", DEFAULT.commitTimeout, Duration.ofMillis(100), Duration.ofMinutes(5)));
  }
}
