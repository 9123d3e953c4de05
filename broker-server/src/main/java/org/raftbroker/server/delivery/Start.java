package org.raftbroker.server.delivery;

/** Where a subscription begins. */
public sealed interface Start {
  /** With the first message published after the subscription is in place. */
  record New() implements Start {}

  /** With the first message whose id is at least {@code id}; at least 1. */
  record FromId(long id) implements Start {}

  /** With the first message accepted at or after {@code millis} since the Unix epoch. */
  record FromTime(long millis) implements Start {}

  /** With the earliest message that is still there. */
  record Earliest() implements Start {}
}
