package org.raftbroker.storage;

/**
 * One life of a shard's log. Positions of different ones cannot be compared, and only the newest
 * one may record in the {@link Catalog}.
 *
 * @param number 1 for the first, one more each time that the shard was started anew from the
 *     archive; 0: not begun
 * @param logId chosen at random by the log: two clusters that begin the same number at the same
 *     time are told apart by it, and only one of them gets through
 */
public record Incarnation(long number, long logId) {
  public static final Incarnation NONE = new Incarnation(0, 0);
}
