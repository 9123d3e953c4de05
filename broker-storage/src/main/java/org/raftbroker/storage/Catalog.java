package org.raftbroker.storage;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;

/**
 * What is archived, shared by all nodes: the subjects, and how far each shard's log is archived.
 * Any thread; every method blocks until the database answers, and throws {@link ArchiveException}
 * if it does not.
 */
public interface Catalog extends AutoCloseable {
  /**
   * How far a shard is archived; empty if it was never opened.
   *
   * @throws ArchiveException if the catalog belongs to another cluster or to another number of
   *     shards
   */
  Optional<ArchivedShard> shard(int shard);

  /**
   * Begins an incarnation of a shard, all or nothing. Changes nothing if it has begun already.
   *
   * @param incarnation its number is one more than the newest one's, or it is the newest one
   * @param skippedIds how many ids of each subject are skipped, from its head on, and kept as
   *     reserved with all others past its archived id: they may have been given out by the
   *     incarnation before
   * @throws ArchiveException if a newer one has begun, or another of this number
   */
  void open(int shard, Incarnation incarnation, long skippedIds);

  /**
   * Records one step of the archiver in one transaction, all or nothing. A step that does not go
   * beyond what is recorded, as a leader may send that was replaced and does not know it yet,
   * changes nothing.
   *
   * @throws ArchiveException also if its incarnation is not the one that has begun last
   */
  void record(ArchiveStep step);

  /**
   * Subjects of a shard by name, for a new incarnation to start from.
   *
   * @param afterName the last name of the page before; empty for the first page
   */
  List<ArchivedSubject> subjects(int shard, String afterName, int limit);

  /** Reserved runs of some subjects, by rising ids; those that have none are absent. */
  Map<Subject, List<Changes.ReservedRun>> reserved(List<Subject> subjects);

  @Override
  void close();

  /**
   * How far a shard is archived.
   *
   * @param incarnation number of the newest one
   * @param archivedIndex log index of the last entry that is archived whole; -1 if none
   * @param archivedAtMillis when that was recorded; 0 if never
   * @param backlogMessages messages that were not archived at that time
   */
  record ArchivedShard(
      int shard,
      long incarnation,
      long archivedIndex,
      long archivedAtMillis,
      long backlogMessages,
      long subjects) {}

  /**
   * A subject as far as it is archived.
   *
   * @param lastId the head when it was recorded: at least {@code archivedId}
   * @param archivedId every message up to this id is in the archive, or was past its time before it
   *     came there
   * @param archivedMessageId the highest id up to there that belongs to a message; 0 if none, and
   *     in a step also if it archives none: then what is recorded stays
   * @param archivedChecksum the running checksum up to that message, which goes with its id
   * @param messages how many messages were archived
   * @param bytes the size of their frames
   * @param firstId no message before this id can be read
   * @param createdAtMillis when it came to be; 0 if it was deleted
   */
  record ArchivedSubject(
      Subject subject,
      long lastId,
      long archivedId,
      long archivedMessageId,
      int archivedChecksum,
      long messages,
      long bytes,
      long firstId,
      long createdAtMillis,
      SubjectSettings settings) {}

  /**
   * One step of a shard's archiver: what was in the log after the step before, up to {@code
   * upToIndex}, is in the archive.
   *
   * @param subjects those that the step touched, with absolute values
   * @param reserved runs of reserved ids that are new or became longer
   * @param backlogMessages messages that are still to be archived
   * @param atMillis the archiver's clock
   */
  record ArchiveStep(
      int shard,
      Incarnation incarnation,
      long upToIndex,
      List<ArchivedSubject> subjects,
      List<Changes.ReservedRun> reserved,
      long backlogMessages,
      long atMillis) {
    public ArchiveStep {
      subjects = List.copyOf(subjects);
      reserved = List.copyOf(reserved);
    }
  }
}
