package org.raftbroker.raft.command;

import com.google.protobuf.ByteString;
import java.util.List;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;

/**
 * A change to one shard, as the Raft log carries it; every replica applies the same commands in the
 * same order.
 */
public sealed interface Command {
  /** What a submission takes beside the content of its command, at most. */
  int OVERHEAD_BYTES = 64;

  /** What two ids take. */
  int ID_RUN_BYTES = 24;

  /** At least the bytes that this takes in the log; near enough to bound memory, too. */
  int weight();

  /** How many messages it publishes. */
  default int messageCount() {
    return 0;
  }

  /** Give each message the next id of its subject. */
  record AppendBatch(List<NewMessage> messages) implements Command {
    public AppendBatch {
      messages = List.copyOf(messages);
    }

    @Override
    public int weight() {
      int weight = OVERHEAD_BYTES;
      for (NewMessage message : messages) {
        weight += message.weight();
      }
      return weight;
    }

    @Override
    public int messageCount() {
      return messages.size();
    }
  }

  /** Is submitted on its own, from any node, and answers one number. */
  sealed interface SingleCommand extends Command {}

  /**
   * Put another cluster map in the place of the one that has this version. Answers the new one's
   * version; 0 if the map has another by now.
   */
  record ReplaceClusterMap(long basedOnVersion, ByteString map) implements SingleCommand {
    @Override
    public int weight() {
      return OVERHEAD_BYTES + map.size();
    }
  }

  /** Changes one subject, and answers one id of it. */
  sealed interface SubjectCommand extends SingleCommand {
    Subject subject();

    @Override
    default int weight() {
      return NewMessage.UTF8_BYTES_PER_CHAR * subject().name().length() + 2 * OVERHEAD_BYTES;
    }
  }

  /** Take the next {@code count} ids of a subject without messages. Answers the last one. */
  record ReserveIds(Subject subject, int count) implements SubjectCommand {
    public ReserveIds {
      if (count < 1) {
        throw new IllegalArgumentException("cannot reserve " + count + " ids of " + subject);
      }
    }
  }

  /**
   * Make a subject known, before anything else does. Answers the id that its next message gets; 0
   * if it is known already.
   */
  record CreateSubject(Subject subject, SettingsChange settings) implements SubjectCommand {}

  /** Answers the id that its next message gets; 0 if the subject is not known. */
  record UpdateSubject(Subject subject, SettingsChange settings) implements SubjectCommand {}

  /**
   * Let nobody read messages up to an id, or any that there are if that is further. Answers the
   * first id that may still be read; 0 if the subject is not known.
   */
  record PurgeSubject(Subject subject, long upToId) implements SubjectCommand {}

  /**
   * Forget a subject, but for its ids, which are not given out again. Answers the id that its next
   * message gets; 0 if the subject is not known.
   */
  record DeleteSubject(Subject subject) implements SubjectCommand {}

  /**
   * Remove at most {@code maxRows} messages and at most as many idempotency keys that are past
   * their time, and about as many messages that nobody can read any more.
   */
  record Expire(int maxRows) implements Command {
    @Override
    public int weight() {
      return OVERHEAD_BYTES;
    }
  }

  /**
   * Take over subjects of the archive, before it is opened; those that are known already are taken
   * over again. Only in a log that has given out no id.
   *
   * @param incarnation that of the first such command stays
   */
  record AdoptSubjects(Incarnation incarnation, List<AdoptedSubject> subjects) implements Command {
    public AdoptSubjects {
      subjects = List.copyOf(subjects);
    }

    @Override
    public int weight() {
      int weight = OVERHEAD_BYTES;
      for (AdoptedSubject adopted : subjects) {
        weight +=
            OVERHEAD_BYTES
                + NewMessage.UTF8_BYTES_PER_CHAR * adopted.known.subject().name().length()
                + ID_RUN_BYTES * adopted.reserved.size();
      }
      return weight;
    }
  }

  /**
   * A subject that a new log starts from.
   *
   * @param reserved by rising ids; one that ends at the head is still growing
   */
  record AdoptedSubject(ArchivedSubject known, List<ReservedRun> reserved) {
    public AdoptedSubject {
      reserved = List.copyOf(reserved);
    }
  }

  /**
   * From here on ids may be given out, and what gets one is to be archived. Once for each log, and
   * only if it has given out none so far.
   */
  record OpenArchive(long incarnation) implements Command {
    @Override
    public int weight() {
      return OVERHEAD_BYTES;
    }
  }

  /** What nobody can read up to this id is removed from the archive, too. */
  record MarkRemoved(Subject subject, long upToId) implements Command {
    @Override
    public int weight() {
      return NewMessage.UTF8_BYTES_PER_CHAR * subject.name().length() + OVERHEAD_BYTES;
    }
  }

  /** Everything up to this log index is in the archive: drop it. */
  record MarkArchived(long upToIndex) implements Command {
    @Override
    public int weight() {
      return OVERHEAD_BYTES;
    }
  }
}
