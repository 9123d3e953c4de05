package org.raftbroker.storage;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;

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

  /** The message with this id; null if there is none (any more), or if it can no longer be read. */
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

  /** No message before this id can be read, wherever it is; 1 for an unknown subject. */
  long firstId(Subject subject);

  /** What is known of a subject; null if nothing ever was. A deleted one is still known. */
  @Nullable SubjectState subject(Subject subject);

  /** What was set for a subject. Never touches the disk. */
  SubjectSettings settings(Subject subject);

  /**
   * Subjects by name, in the order of their UTF-8 bytes, those that were deleted included.
   *
   * @param prefix what names begin with
   * @param afterName where to go on; empty: at the first one
   */
  List<KnownSubject> subjects(String prefix, String afterName, int limit);

  /** Subjects of which something is kept that nobody can read, in order of first use. */
  List<KnownSubject> removalsDue(int limit);

  /**
   * Subjects with messages that may outlive their maximum age, in order of first use.
   *
   * @param afterNumber where to go on, a subject number; 0: at the first one
   */
  List<AgingSubject> aging(long afterNumber, int limit);

  /**
   * A subject with messages that may outlive its maximum age.
   *
   * @param number as in {@link SubjectState#number}
   * @param upToId the last of them that there can be
   */
  record AgingSubject(Subject subject, long number, long upToId) {}

  /** A subject and what is known of it. */
  record KnownSubject(Subject subject, SubjectState state) {}

  /** Log time, at least as late as the publication of every message. */
  long lastTimeMillis();

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
   *     message. What a purge or a limit has removed is not returned even if it is still there
   */
  List<StoredMessage> read(Subject subject, long fromId, int maxBytes);

  /** As {@link #read}, but also what can no longer be read, as long as it is there. */
  List<StoredMessage> stored(Subject subject, long fromId, int maxBytes);

  /**
   * The lowest id whose message was published at or after {@code timeMillis}; head + 1 if there is
   * none.
   */
  long firstIdAtOrAfter(Subject subject, long timeMillis);

  /** How the shard stands with the archive. Never touches the disk. */
  ArchiveState archive();

  /** The cluster map, if this shard keeps it; {@link VersionedMap#NONE} before the first. */
  VersionedMap clusterMap();

  /**
   * The oldest of what is not archived yet, in log order and in whole entries.
   *
   * @param maxMessages stop at the end of the entry with which it reaches so many messages
   * @param maxBytes the same for the size of their frames
   */
  List<BacklogRun> backlog(long maxMessages, long maxBytes);

  /**
   * Whether something in this store is to be removed: a message or an idempotency key that is past
   * its time, or messages that a purge or a limit has made unreadable.
   */
  boolean hasRemovable(long nowMillis);

  /** Stands for an answer that is not in memory. */
  StoredMessage NOT_IN_MEMORY = new StoredMessage(new Subject("not.in.memory"), 0, 0, new byte[0]);
}
