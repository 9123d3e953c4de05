package org.raftbroker.server.delivery;

import java.util.List;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;

/**
 * Follows subjects at replicas on other nodes, for a node that has subscriptions and no replica of
 * the shard that serves. Any thread; nothing blocks.
 */
public interface Followers {
  /** For a node that has a replica of every shard. */
  Followers NONE =
      (shard, subject, fromId, follower) -> {
        throw new IllegalStateException("there is no other node to follow " + subject + " at");
      };

  /**
   * Brings every message of a subject from {@code fromId} on to {@code follower}, once and in id
   * order, until it is stopped. It never gives up: when a replica does not answer any more it goes
   * on at another one, from the next id.
   */
  Following follow(int shard, Subject subject, long fromId, Follower follower);

  /** A subject being followed. */
  interface Following {
    /** Nothing is brought any more, but for what is under way on another thread. */
    void stop();
  }

  /** Takes what is brought. Called on event loops, one thread at a time; must not block. */
  interface Follower {
    /**
     * Takes messages.
     *
     * @param messages by rising ids, at least one
     */
    void onMessages(List<StoredMessage> messages);

    /** Everything up to this id was brought. */
    void onHead(long head);
  }
}
