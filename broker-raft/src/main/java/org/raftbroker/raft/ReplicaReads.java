package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.ShardReader;

/**
 * What can be asked of a replica of a shard, wherever it is. Any thread; nothing blocks unless said
 * otherwise. Futures complete on a thread that what depends on them must not block.
 *
 * <p>Failures are {@link BrokerException}s: {@link Reason#SHARD_STOPPED} if the replica does not
 * serve, {@link Reason#NO_QUORUM} if no majority confirms what is newest, {@link
 * Reason#ARCHIVE_UNAVAILABLE} if what was asked for is in the archive and that does not answer, and
 * those named below. A replica on another node may also fail with any other exception: it did not
 * answer.
 */
public interface ReplicaReads {
  /**
   * Reads one message; sees every message that was acknowledged before the call.
   *
   * @param id at least 1
   * @return fails with {@link Reason#ID_NOT_PUBLISHED}, {@link Reason#ID_RESERVED}, {@link
   *     Reason#MESSAGE_EXPIRED} or {@link Reason#MESSAGE_REMOVED}
   */
  CompletableFuture<StoredMessage> fetch(Subject subject, long id);

  /**
   * Reads messages in id order, wherever they are stored.
   *
   * @param fromId first id wanted, at least 1; it need not exist
   * @param maxBytes stop once the frames add up to this many bytes; one message is returned even if
   *     it alone is larger
   * @param knownHead an id that the subject has reached, as the caller knows: a replica that is not
   *     that far, and has nothing to return, catches up first
   */
  CompletableFuture<MessageRun> read(Subject subject, long fromId, int maxBytes, long knownHead);

  /**
   * Between which ids a subject can be read.
   *
   * @param upToDate as of all that was acknowledged before the call, rather than of what the
   *     replica has applied
   */
  CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate);

  /**
   * The lowest id whose message was published at or after {@code timeMillis}, wherever it is; head
   * + 1 if there is none. As of all that was acknowledged before the call.
   */
  CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis);

  /**
   * What is known of a subject, as of all that was acknowledged before the call; null: nothing. A
   * deleted one is still known.
   */
  CompletableFuture<@Nullable DescribedSubject> describe(Subject subject);

  /** As {@link ShardReader#subjects}. */
  CompletableFuture<List<DescribedSubject>> subjects(String prefix, String afterName, int limit);

  /** What was set for a subject, as far as the replica has applied. */
  CompletableFuture<SubjectSettings> readSettings(Subject subject);

  /** How the shard stands with the archive, as far as the replica has applied. */
  CompletableFuture<ArchiveState> readArchiveState();

  /**
   * Completes once the replica has applied all that was committed before the call (ReadIndex;
   * Ongaro's Raft thesis, section 6.4).
   */
  CompletableFuture<Void> readBarrier();
}
