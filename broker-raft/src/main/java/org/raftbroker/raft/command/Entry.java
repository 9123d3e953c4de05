package org.raftbroker.raft.command;

import java.util.List;

/**
 * Submissions at their place in the log.
 *
 * @param term the Raft term
 * @param logIndex the place; counts entries, not messages
 * @param leaderTimeMillis the leader's clock when it proposed the entry, in milliseconds since the
 *     Unix epoch
 */
public record Entry(long term, long logIndex, long leaderTimeMillis, List<Submission> submissions) {
  public Entry {
    submissions = List.copyOf(submissions);
  }
}
