package org.raftbroker.storage;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;

/**
 * The state of a shard as the next entry finds it. Read on the shard's apply thread, between two
 * writes; everything it answers is a function of the entries applied so far, so every replica gives
 * the same answers.
 */
public interface ShardView {
  /**
   * The highest leader time of all applied entries, in milliseconds since the Unix epoch; 0 before
   * the first.
   */
  long lastTimeMillis();

  /** The highest subject number given so far. */
  long lastSubjectNumber();

  /** Null if nothing was ever published or reserved on it. */
  @Nullable SubjectState subject(Subject subject);

  /** Every origin that is remembered: a few for each node. */
  Map<Long, OriginState> origins();

  /** Null if the key is not remembered, or not any more at {@code nowMillis}. */
  @Nullable KeyState key(Subject subject, String key, long nowMillis);

  /** Messages that are past their time at {@code nowMillis}, the longest past first. */
  List<ExpiringMessage> expiredMessages(long nowMillis, int limit);

  /** Idempotency keys that are forgotten at {@code nowMillis}, the longest forgotten first. */
  List<ExpiringKey> expiredKeys(long nowMillis, int limit);

  /** How the shard stands with the archive. */
  ArchiveState archive();

  /** The cluster map, if this shard keeps it. */
  VersionedMap clusterMap();

  /** What is not archived yet of the entries up to {@code upToIndex}, in log order. */
  List<BacklogRun> backlog(long upToIndex);

  /** What was set for a subject. */
  SubjectSettings settings(Subject subject);

  /** The first reserved run of a subject that ends at or after an id; null if there is none. */
  Changes.@Nullable ReservedRun nextReservedRun(Subject subject, long fromId);

  /** How many of a subject's ids from one to another are reserved. */
  long reservedIds(Subject subject, long fromId, long toId);

  /**
   * The last mark of a subject at or after an id at which it was no larger than so many bytes; null
   * if there is none.
   */
  Changes.@Nullable SizeMark lastSizeMark(Subject subject, long fromId, long maxPublishedBytes);

  /**
   * What is in the store and nobody can read, of subjects in order of first use.
   *
   * @param maxMessages stop there; the last run then ends before its subject's first id
   * @param maxBytes stop when the frames add up to it
   */
  List<Changes.RemovedRun> unreadable(int maxMessages, long maxBytes);

  /** Up to which id a subject may have messages that outlive its maximum age; 0: it has none. */
  long agingId(Subject subject);

  record ExpiringMessage(
      Subject subject, long subjectNumber, long id, long expiresAtMillis, int frameBytes) {}

  record ExpiringKey(long subjectNumber, String key, long forgottenAtMillis) {}
}
