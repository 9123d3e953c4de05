package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.command.Command.CreateSubject;
import org.raftbroker.raft.command.Command.DeleteSubject;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.raft.command.Command.ReserveIds;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.raft.command.Command.UpdateSubject;
import org.raftbroker.storage.Archive.ArchivedRun;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.SubjectState;

/**
 * One shard as the front of a node sees it: it takes publishes for the subjects hashed to it and
 * reads them. Any thread; nothing here blocks. Futures complete on a thread of the shard (its apply
 * thread, or a peer connection's): what depends on them must not block it.
 *
 * <p>Failures are {@link BrokerException}s: {@link Reason#NO_QUORUM} (the outcome of a publish is
 * then open), {@link Reason#TOO_MANY_PENDING}, {@link Reason#SHUTTING_DOWN}, {@link
 * Reason#SHARD_STOPPED}, and where there is an archive {@link Reason#ARCHIVE_NOT_OPEN} and {@link
 * Reason#BACKLOG_FULL}.
 */
public interface Shard {
  /** From 0 to the number of shards - 1. */
  int number();

  /**
   * Publishes messages that all belong to this shard, as one unit of order: their ids rise in list
   * order, and above those of earlier calls on this node. Completes when a majority has them
   * fsynced and the leader has applied them.
   *
   * @param messages at least one
   * @return one id for each message, or its key's first id where {@link Outcome#isKeyReused} says
   *     so
   */
  CompletableFuture<Outcome> publish(List<NewMessage> messages);

  /** Applies a command, once, and returns the number that it answers. */
  CompletableFuture<Long> submit(SingleCommand command);

  /** Reserves the next {@code count} ids and returns the last. */
  default CompletableFuture<Long> reserve(Subject subject, int count) {
    return submit(new ReserveIds(subject, count));
  }

  /** Makes a subject known and returns its next id; 0 if it is known already. */
  default CompletableFuture<Long> create(Subject subject, SettingsChange settings) {
    return submit(new CreateSubject(subject, settings));
  }

  /** Changes settings and returns the subject's next id; 0 if it is not known. */
  default CompletableFuture<Long> update(Subject subject, SettingsChange settings) {
    return submit(new UpdateSubject(subject, settings));
  }

  /**
   * Lets nobody read messages up to an id, or any that there are if that is further; returns the
   * first id that may still be read, 0 if the subject is not known.
   */
  default CompletableFuture<Long> purge(Subject subject, long upToId) {
    return submit(new PurgeSubject(subject, upToId));
  }

  /** Forgets a subject, but for its ids, and returns the next one; 0 if it is not known. */
  default CompletableFuture<Long> delete(Subject subject) {
    return submit(new DeleteSubject(subject));
  }

  /**
   * Reads one message; sees every message that was acknowledged before the call.
   *
   * @param id at least 1
   * @return fails with {@link Reason#ID_NOT_PUBLISHED}, {@link Reason#ID_RESERVED}, {@link
   *     Reason#MESSAGE_EXPIRED} or {@link Reason#MESSAGE_REMOVED}
   */
  CompletableFuture<StoredMessage> fetch(Subject subject, long id);

  /**
   * Reads messages of a subject that are in the archive, in id order: those up to {@link
   * ShardReader#archivedId}.
   *
   * @param fromId at least 1; it need not exist
   * @param maxBytes stop once the frames add up to this many bytes; one message is returned even if
   *     it alone is larger
   * @return fails with {@link Reason#ARCHIVE_UNAVAILABLE} if the archive does not answer
   */
  CompletableFuture<ArchivedRun> readArchived(Subject subject, long fromId, int maxBytes);

  /**
   * The lowest id whose message was published at or after {@code timeMillis}, wherever it is; head
   * + 1 if there is none. May touch the disk before it returns.
   *
   * @return fails as {@link #readArchived}
   */
  CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis);

  /** What is known of a subject, as of all that was acknowledged before the call; null: nothing. */
  CompletableFuture<@Nullable SubjectState> describe(Subject subject);

  /**
   * What was set for a subject, as far as this node knows; nothing while its replica is out of
   * service. Never touches the disk.
   */
  SubjectSettings settings(Subject subject);

  /** As {@link ShardReader#subjects}. */
  CompletableFuture<List<KnownSubject>> subjects(String prefix, String afterName, int limit);

  /**
   * Completes once this replica has applied all that was committed before the call (ReadIndex;
   * Ongaro's Raft thesis, section 6.4).
   */
  CompletableFuture<Void> readBarrier();

  /** What this node's replica has applied. */
  ShardReader reader();

  ReplicaStatus status();

  /**
   * Hands leadership to another replica, if this one leads.
   *
   * @param toMemberId who shall lead; null: any replica that is up to date
   * @return the member that leads then; fails with {@link Reason#TRANSFER_FAILED}, saying why
   */
  CompletableFuture<String> transferLeadership(@Nullable String toMemberId);
}
