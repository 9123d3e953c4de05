package org.raftbroker.storage;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;

/**
 * All that one log entry changes in a shard, written atomically or not at all. Values are absolute,
 * so that writing the same changes twice is harmless.
 *
 * @param term the entry's Raft term
 * @param logIndex the entry's place in the log
 * @param timeMillis log time after the entry
 * @param subjects new states of the subjects that the entry touched
 * @param messages new messages, in the order in which they got their ids
 * @param reserved reserved runs that are new or became longer
 * @param origins new states of origins; each with the newest outcome only
 * @param forgottenOrigins origins to forget, before {@code origins} are written
 * @param keys idempotency keys to remember
 * @param expiredMessages messages to remove
 * @param expiredKeys idempotency keys to forget, before {@code keys} are written; a key that was
 *     given again since is kept
 * @param archive how the shard stands with the archive after the entry
 * @param backlog ids that the entry gave out and that are to be archived
 * @param archived runs that are archived: they leave the backlog, and their messages the store
 * @param retention what changes in what is kept of subjects
 * @param clusterMap the cluster map, if the entry replaced it
 */
public record Changes(
    long term,
    long logIndex,
    long timeMillis,
    Map<Subject, SubjectState> subjects,
    List<StoredMessage> messages,
    List<ReservedRun> reserved,
    Map<Long, OriginState> origins,
    List<Long> forgottenOrigins,
    List<NewKey> keys,
    List<ShardView.ExpiringMessage> expiredMessages,
    List<ShardView.ExpiringKey> expiredKeys,
    ArchiveState archive,
    List<BacklogRun> backlog,
    List<BacklogRun> archived,
    Retention retention,
    @Nullable VersionedMap clusterMap) {

  public Changes {
    subjects = Collections.unmodifiableMap(subjects); // Map.copyOf would lose the order
    messages = List.copyOf(messages);
    reserved = List.copyOf(reserved);
    origins = Collections.unmodifiableMap(origins);
    forgottenOrigins = List.copyOf(forgottenOrigins);
    keys = List.copyOf(keys);
    expiredMessages = List.copyOf(expiredMessages);
    expiredKeys = List.copyOf(expiredKeys);
    backlog = List.copyOf(backlog);
    archived = List.copyOf(archived);
  }

  public record ReservedRun(Subject subject, long fromId, long toId) {}

  /**
   * What changes in what is kept of subjects.
   *
   * @param settings of subjects whose settings changed
   * @param marks new marks
   * @param removals whether something is kept of a subject that nobody can read
   * @param removed what was found to be removed from the store, of each subject without a hole from
   *     where the last one ended
   * @param aging up to which id a subject may have messages that outlive its maximum age; 0: it has
   *     none any more
   */
  public record Retention(
      Map<Subject, SubjectSettings> settings,
      List<SizeMark> marks,
      Map<Subject, Boolean> removals,
      List<RemovedRun> removed,
      Map<Subject, Long> aging) {
    public static final Retention NONE =
        new Retention(Map.of(), List.of(), Map.of(), List.of(), Map.of());

    public Retention {
      settings = Collections.unmodifiableMap(settings);
      marks = List.copyOf(marks);
      removals = Collections.unmodifiableMap(removals);
      removed = List.copyOf(removed);
      aging = Collections.unmodifiableMap(aging);
    }
  }

  /**
   * How large a subject was when a message came: there is one for every so many bytes.
   *
   * @param publishedBytes the size of all frames up to {@code id}
   */
  public record SizeMark(Subject subject, long id, long publishedBytes) {}

  /** Ids of a subject, and the messages among them that are still in the store. */
  public record RemovedRun(
      Subject subject, long subjectNumber, long fromId, long toId, long messages, long bytes) {}

  public record NewKey(Subject subject, String key, KeyState state) {}
}
