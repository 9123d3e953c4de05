package org.raftbroker.server.delivery;

/**
 * A running subscription, as its transport sees it. Both methods are called on the {@link
 * Outbound#executor()}.
 */
public interface Subscription {
  /** The transport takes more now. */
  void onReady();

  /** The client is gone: nothing more is sent. Harmless if repeated. */
  void cancel();
}
