package org.raftbroker.storage;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;

/**
 * Reads what this replica has applied. Any thread; each call sees a consistent state that is at
 * least as new as the last entry whose {@code onApplied} began before the call. May touch the disk
 * unless said otherwise. Expired messages are returned as long as they are there: the caller
 * compares with its clock.
 *
 * <p>Every method throws {@link StoreException} if the disk fails or a checksum does not match;
 * nothing partial is returned.
 */
public interface ShardReader {
  /**
   * The subject's highest id applied here; 0 if none. Never touches the disk for a subject in
   * recent use.
   */
  long head(Subject subject);

  /** The message with this id; null if there is none (any more). */
  @Nullable StoredMessage message(Subject subject, long id);

  /**
   * As {@link #message}, but from memory only, for threads that must not wait for a disk.
   *
   * @return {@link #NOT_IN_MEMORY} if only the disk can tell
   */
  @Nullable StoredMessage messageInMemory(Subject subject, long id);

  /**
   * Every message of the subject up to this id is in the archive; 0 if none is. What is archived
   * leaves the store at any moment: whoever misses a message in the store asks this
   * <em>afterwards</em>, and then knows where it is.
   */
  long archivedId(Subject subject);

  /** What is known of a subject; null if nothing was ever published or reserved on it. */
  @Nullable SubjectState subject(Subject subject);

  /** The reserved run that {@code id} belongs to; null if it was not reserved. */
  Changes.@Nullable ReservedRun reservedRun(Subject subject, long id);

  /** Whether {@code id} was reserved. */
  default boolean isReserved(Subject subject, long id) {
    return reservedRun(subject, id) != null;
  }

  /**
   * Returns messages of one subject in id order, from {@code fromId} on.
   *
   * @param fromId first id wanted, at least 1; it need not exist
   * @param maxBytes stop once the frames add up to this many bytes; one message is returned even if
   *     it alone is larger
   * @return rising ids, with gaps where ids were reserved or messages removed; empty past the last
   *     message
   */
  List<StoredMessage> read(Subject subject, long fromId, int maxBytes);

  /**
   * The lowest id whose message was published at or after {@code timeMillis}; head + 1 if there is
   * none.
   */
  long firstIdAtOrAfter(Subject subject, long timeMillis);

  /** How the shard stands with the archive. Never touches the disk. */
  ArchiveState archive();

  /**
   * The oldest of what is not archived yet, in log order and in whole entries.
   *
   * @param maxMessages stop at the end of the entry with which it reaches so many messages
   * @param maxBytes the same for the size of their frames
   */
  List<BacklogRun> backlog(long maxMessages, long maxBytes);

  /** Whether a message or an idempotency key is past its time and not yet removed. */
  boolean hasExpired(long nowMillis);

  /** Stands for an answer that is not in memory. */
  StoredMessage NOT_IN_MEMORY = new StoredMessage(new Subject("not.in.memory"), 0, 0, new byte[0]);
}
