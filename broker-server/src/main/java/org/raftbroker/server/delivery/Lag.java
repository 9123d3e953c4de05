package org.raftbroker.server.delivery;

/**
 * How far this node's subscriptions are behind the heads of their subjects, in ids.
 *
 * @param max of the slowest subscription
 * @param total of all together
 */
public record Lag(long max, long total) {}
