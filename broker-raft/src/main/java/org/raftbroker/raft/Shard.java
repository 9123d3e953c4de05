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
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.StoreException;

/**
 * One shard as the front of a node sees it, wherever its replicas are: it takes publishes for the
 * subjects hashed to it and reads them. Any thread; nothing here blocks. Futures complete on a
 * thread of the shard (its apply thread, or a peer connection's): what depends on them must not
 * block it.
 *
 * <p>Failures are {@link BrokerException}s: {@link Reason#NO_QUORUM} (the outcome of a publish is
 * then open), {@link Reason#TOO_MANY_PENDING}, {@link Reason#SHUTTING_DOWN}, {@link
 * Reason#SHARD_STOPPED}, and where there is an archive {@link Reason#ARCHIVE_NOT_OPEN} and {@link
 * Reason#BACKLOG_FULL}.
 */
public interface Shard extends ReplicaReads {
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
   * The same message as {@link #fetch} answers, if this node's replica has it in memory; null: ask
   * for it. One that is past its time may be returned. Never touches the disk.
   */
  @Nullable StoredMessage messageAtHand(Subject subject, long id);

  /**
   * {@inheritDoc}
   *
   * <p>Where this node's replica serves, it is read before this returns, on the calling thread: it
   * may touch the disk.
   *
   * @return as there; may bring less than {@code knownHead} if there is no replica that has more
   * @throws StoreException if this node's replica cannot be read and there is no other
   */
  @Override
  CompletableFuture<MessageRun> read(Subject subject, long fromId, int maxBytes, long knownHead);

  /**
   * What was set for a subject, as far as this node knows. Without a replica that serves it learns
   * that from another node: nothing at the subject's first use, and then what was so about a second
   * ago. Never touches the disk.
   */
  SubjectSettings settings(Subject subject);

  /** Whether this node has a replica that may be read. */
  boolean servesHere();

  /** Whether another node has a replica, as far as this one knows. */
  boolean servesElsewhere();

  /** Whether this node's replica is in touch with a leader; false while there is none. */
  boolean isInTouch();

  /**
   * The highest id of a subject that this node's replica has applied; 0 if there is none, or no
   * replica that serves. May touch the disk.
   */
  long headHere(Subject subject);

  /** This node's replica, or that there is none. */
  ReplicaStatus status();

  /**
   * Hands leadership to another replica, if this one leads.
   *
   * @param toMemberId who shall lead; null: any replica that is up to date
   * @return the member that leads then; fails with {@link Reason#TRANSFER_FAILED}, saying why
   */
  CompletableFuture<String> transferLeadership(@Nullable String toMemberId);
}
