package org.raftbroker.client;

/** Told on the thread that takes messages, what a subscription does beside delivering them. */
public interface SubscriptionListener {
  /** It is in place: messages published from now on are in. */
  default void opened(String node) {}

  /** Its node is gone; another one is looked for. */
  default void lost(String node, BrokerClientException why) {}

  /**
   * It goes on.
   *
   * @param fromId with this id; 0: nothing of the subject was heard before the break, so it begins
   *     as it began. If that was with new messages, those published meanwhile are missed
   */
  default void resumed(String node, long fromId) {}
}
