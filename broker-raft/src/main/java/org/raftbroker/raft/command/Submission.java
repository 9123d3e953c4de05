package org.raftbroker.raft.command;

/**
 * A command with the identity that makes it apply once, however often it is submitted (sessions as
 * in Ongaro's Raft thesis, section 6.3): the shard applies an origin's submissions in sequence
 * order only, and answers one that it has applied with the outcome it had.
 *
 * @param origin a session of one submitter, random; {@link #NO_ORIGIN}: applied each time
 * @param sequence 1, 2, 3, … within the origin
 */
public record Submission(long origin, long sequence, Command command) {
  public static final long NO_ORIGIN = 0;
}
