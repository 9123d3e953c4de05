package org.raftbroker.server.delivery;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ApplyListener;

/** All subscriptions of this node. Any thread; nothing blocks. */
public interface Delivery extends ApplyListener {
  /**
   * Puts a subscription in place. The future completes, on the outbound's executor, once it is:
   * every message published after that is delivered. Nothing is sent before. It fails with a {@link
   * BrokerException} if where "now" is cannot be found out.
   *
   * @param progress also send progress, at least every 10 s and in order with the messages
   */
  CompletableFuture<Subscription> subscribe(
      Subject subject, Start start, boolean progress, Outbound outbound);

  /**
   * Puts the subscription of another node in place, which has subscribers and no replica that
   * serves: as {@link #subscribe} with progress, but for stored messages only, and only as long as
   * this node's own replica serves.
   *
   * @param fromId the first id wanted, at least 1
   */
  CompletableFuture<Subscription> follow(Subject subject, long fromId, Outbound outbound);

  /**
   * Hands an ephemeral message to this node's current subscriptions of a subject; one that is not
   * ready misses it.
   *
   * @param frame an encoded {@code MessageResponse} with id 0
   * @return to how many it was handed
   */
  int broadcast(Subject subject, byte[] frame);

  /** How many subscriptions of clients are running. */
  int subscriptions();

  /** Looks at every subscription now: for metrics, not for a hot path. */
  Lag lag();

  /**
   * The subscriptions of clients that are furthest behind the heads of their subjects, those first;
   * looks at every one now: for people, not for a hot path.
   *
   * @param limit most that are wanted
   */
  List<SubscriptionStatus> furthestBehind(int limit);

  /** Ends every subscription with {@code reason}, and each later one at once. */
  void endAll(BrokerException reason);
}
