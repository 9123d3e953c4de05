package org.raftbroker.raft.ratis;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.grpc.GrpcConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log;
import org.apache.ratis.server.RaftServerConfigKeys.Read;
import org.apache.ratis.server.RaftServerConfigKeys.Snapshot;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * Our configuration as Ratis properties. Several of Ratis' defaults would break what the broker
 * promises, so the ones that decide safety are set here, and checked once more in the properties
 * that a server is really started with.
 */
final class RaftSettings {
  /** Ratis frames an entry in the log with a length and a checksum. */
  private static final int FRAME_BYTES = 16;

  /** To one follower of one shard; each may be as large as the largest entry. */
  private static final int MAX_APPENDS_UNDER_WAY = 2;

  private static final int CLOSED_SEGMENTS_IN_MEMORY = 2;

  /** Smaller files would be begun and ended all the time. */
  private static final int MIN_SEGMENT_BYTES = 256 << 10;

  private static final int MAX_ENTRIES_IN_APPEND = 64;
  private static final int SNAPSHOT_CHUNK_BYTES = 1 << 20;

  private RaftSettings() {}

  /**
   * @param shards that this node may have replicas of
   * @param maxEntryBytes the largest entry that will ever be proposed
   */
  static RaftProperties of(
      RaftConfig config, int shards, Path storage, String host, int port, int maxEntryBytes) {
    RaftProperties properties = new RaftProperties();
    RaftServerConfigKeys.setStorageDir(properties, List.of(storage.toFile()));
    GrpcConfigKeys.Server.setHost(properties, host);
    GrpcConfigKeys.Server.setPort(properties, port);
    GrpcConfigKeys.setMessageSizeMax(
        properties, SizeInBytes.valueOf(Math.max(64L << 20, 2L * maxEntryBytes)));

    Log.setUseMemory(properties, false);
    Log.setUnsafeFlushEnabled(properties, false);
    Log.setAsyncFlushEnabled(properties, false);
    Log.setCorruptionPolicy(properties, Log.CorruptionPolicy.EXCEPTION);
    int segmentBytes = segmentBytes(config, shards);
    Log.setSegmentSizeMax(properties, SizeInBytes.valueOf(segmentBytes));
    Log.setPreallocatedSize(properties, SizeInBytes.valueOf(Math.min(segmentBytes, 4 << 20)));
    // What followers are sent comes from here; older entries are read from the file.
    Log.setSegmentCacheNumMax(properties, CLOSED_SEGMENTS_IN_MEMORY);
    Log.setSegmentCacheSizeMax(
        properties, SizeInBytes.valueOf((long) CLOSED_SEGMENTS_IN_MEMORY * segmentBytes));
    int bufferBytes = maxEntryBytes + FRAME_BYTES;
    Log.Appender.setBufferByteLimit(properties, SizeInBytes.valueOf(bufferBytes));
    Log.setWriteBufferSize(properties, SizeInBytes.valueOf(bufferBytes + FRAME_BYTES));
    // What may be under way to a follower that catches up, and wait there for its disk, must fit
    // into memory for all shards at once.
    GrpcConfigKeys.Server.setLeaderOutstandingAppendsMax(properties, MAX_APPENDS_UNDER_WAY);
    // Each try to reach a follower that is down holds its entries until it times out. With fewer a
    // new replica would catch up too slowly with a log of small entries.
    Log.Appender.setBufferElementLimit(properties, MAX_ENTRIES_IN_APPEND);
    Log.Appender.setSnapshotChunkSizeMax(properties, SizeInBytes.valueOf(SNAPSHOT_CHUNK_BYTES));
    GrpcConfigKeys.Server.setInstallSnapshotRequestElementLimit(properties, MAX_APPENDS_UNDER_WAY);
    Log.setQueueByteLimit(
        properties,
        SizeInBytes.valueOf(Math.max(8L << 20, MAX_APPENDS_UNDER_WAY * (long) bufferBytes)));
    // After errors Ratis waits before it sends again. If that is longer than until the next
    // heartbeat, it then sends only heartbeats, whose refusals change nothing: by its own default
    // of up to 5 s a follower that came back could stay behind for ever.
    long retryMillis = Math.max(1, config.electionTimeout().toMillis() / 5);
    Log.Appender.setRetryPolicy(properties, "1ms,10, " + retryMillis + "ms,1000000000");
    // Ratis would sleep a millisecond before each append to gather entries. Ours are gathered
    // already.
    Log.Appender.setWaitTimeMin(properties, TimeDuration.ZERO);
    Log.setPurgeUptoSnapshotIndex(
        properties, true); // else one dead follower would pin the log for ever
    Log.setPurgePreservationLogNum(properties, config.keepEntries());
    Log.setPurgeGap(properties, 64);

    // ShardMaintenance says when; Ratis counts entries, which may be of any size.
    Snapshot.setAutoTriggerEnabled(properties, false);
    Snapshot.setTriggerWhenStopEnabled(properties, true);
    Snapshot.setRetentionFileNum(properties, 2);
    Snapshot.setCreationGap(properties, 1);

    Read.setOption(properties, Read.Option.LINEARIZABLE);
    Read.setLeaderLeaseEnabled(properties, true);

    // A follower of Ratis looks at random intervals of one to two timeouts whether the leader was
    // silent for the whole interval, so it stands 1 to 4 timeouts after the last it heard. With two
    // of them the median is 1.7, and in one of ten elections it takes more than 2.5. Less spread
    // would be quicker, but who stood at the same moment would do so again.
    TimeDuration timeout = duration(config.electionTimeout());
    RaftServerConfigKeys.Rpc.setTimeoutMin(properties, timeout);
    RaftServerConfigKeys.Rpc.setTimeoutMax(properties, timeout.multiply(2));
    // How long a replica that arrives may make no progress. By default it follows from the above.
    RaftServerConfigKeys.setStagingTimeout(properties, timeout.multiply(9));
    RaftServerConfigKeys.Rpc.setRequestTimeout(properties, timeout.multiply(6));
    // A node that was stopped for minutes steps down and goes on; Ratis would rather close for
    // ever.
    RaftServerConfigKeys.setCloseThreshold(properties, TimeDuration.valueOf(3650, TimeUnit.DAYS));
    RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, timeout.multiply(2));
    RaftServerConfigKeys.LeaderElection.setPreVote(properties, true);
    // Exactly-once rests on our own sessions; every entry is a new request to Ratis.
    RaftServerConfigKeys.RetryCache.setExpiryTime(properties, TimeDuration.ONE_SECOND);
    assertSafe(properties);
    return properties;
  }

  /** The files of all shards' logs that are in memory, the open ones too, fit into the budget. */
  private static int segmentBytes(RaftConfig config, int shards) {
    long share = config.logMemoryBytes() / ((1L + CLOSED_SEGMENTS_IN_MEMORY) * shards);
    return (int) Math.min(config.segmentBytes(), Math.max(share, MIN_SEGMENT_BYTES));
  }

  /**
   * @throws IllegalStateException naming every setting under which an acknowledged message could be
   *     lost or a stale one read
   */
  static void assertSafe(RaftProperties properties) {
    List<String> unsafe = new ArrayList<>();
    if (Log.useMemory(properties)) {
      unsafe.add(Log.USE_MEMORY_KEY + " keeps the log in memory");
    }
    if (Log.unsafeFlushEnabled(properties)) {
      unsafe.add(Log.UNSAFE_FLUSH_ENABLED_KEY + " acknowledges before fsync");
    }
    if (Log.asyncFlushEnabled(properties)) {
      unsafe.add(Log.ASYNC_FLUSH_ENABLED_KEY + " may acknowledge what was not fsynced");
    }
    if (Log.corruptionPolicy(properties) != Log.CorruptionPolicy.EXCEPTION) {
      unsafe.add(Log.CORRUPTION_POLICY_KEY + " forgets what follows a damaged entry, and votes");
    }
    if (RaftServerConfigKeys.storageDir(properties)
        .equals(RaftServerConfigKeys.STORAGE_DIR_DEFAULT)) {
      unsafe.add(RaftServerConfigKeys.STORAGE_DIR_KEY + " is a temporary directory");
    }
    if (!Log.purgeUptoSnapshotIndex(properties)) {
      unsafe.add(Log.PURGE_UPTO_SNAPSHOT_INDEX_KEY + " lets the log grow without bound");
    }
    if (Read.option(properties) != Read.Option.LINEARIZABLE) {
      unsafe.add(Read.OPTION_KEY + " reads what may be stale");
    }
    if (!RaftServerConfigKeys.LeaderElection.preVote(properties)) {
      unsafe.add(
          RaftServerConfigKeys.LeaderElection.PRE_VOTE_KEY
              + " lets a rejoining node depose a leader");
    }
    if (!unsafe.isEmpty()) {
      throw new IllegalStateException("unsafe Raft settings: " + String.join("; ", unsafe));
    }
  }

  private static TimeDuration duration(Duration duration) {
    return TimeDuration.valueOf(duration.toMillis(), TimeUnit.MILLISECONDS);
  }
}
