package org.raftbroker.raft;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.ArchiveState;

/**
 * What a shard needs to know of the archive that its messages move to: how to read it, and how far
 * the archive may be behind. Any thread; nothing blocks.
 *
 * @param maxBacklogBytes of frames in one shard that are not archived yet; past it no more ids are
 *     given out
 */
public record SharedArchive(Archive archive, long maxBacklogBytes) {
  /**
   * Ids of a shard that may be given out and not archived yet. Whoever starts from the archive
   * after the loss of every disk skips {@link #SKIPPED_IDS} of them, so that none is given out
   * twice.
   */
  public static final long MAX_BACKLOG_IDS = 50_000_000;

  /**
   * Twice as many: the limit is checked when a publish comes in, and what is under way then still
   * gets its ids.
   */
  public static final long SKIPPED_IDS = 2 * MAX_BACKLOG_IDS;

  /** Why the shard may change nothing yet; null if it may. */
  @Nullable BrokerException notOpen(int shard, ArchiveState state) {
    return state.open()
        ? null
        : new BrokerException(
            Reason.ARCHIVE_NOT_OPEN,
            "shard "
                + shard
                + " gives out no ids before it has asked the catalog which were given out earlier;"
                + " its leader's log says what it waits for");
  }

  /** Why the shard may give out no more ids now; null if it may. */
  @Nullable BrokerException full(int shard, ArchiveState state) {
    boolean full = state.backlogBytes() >= maxBacklogBytes || state.backlogIds() >= MAX_BACKLOG_IDS;
    return !full
        ? null
        : new BrokerException(
            Reason.BACKLOG_FULL,
            "shard "
                + shard
                + " has "
                + state.backlogMessages()
                + " messages of "
                + state.backlogBytes()
                + " bytes that are not archived, the limit is "
                + maxBacklogBytes
                + " bytes a shard (archive.maxBacklogBytes) and "
                + MAX_BACKLOG_IDS
                + " ids; see that Cassandra and PostgreSQL work, and retry later");
  }

  /** The same, with the refusal that a client is to see in place of the archive's failure. */
  static <T extends @Nullable Object> CompletableFuture<T> refusing(CompletableFuture<T> read) {
    return read.exceptionallyCompose(
        failure -> {
          Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
          return CompletableFuture.failedFuture(
              cause instanceof ArchiveException
                  ? new BrokerException(
                      Reason.ARCHIVE_UNAVAILABLE, cause.getMessage() + "; retry later")
                  : failure);
        });
  }
}
