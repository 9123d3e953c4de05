package org.raftbroker.server.delivery;

/** Watches deliveries, for metrics. Called on outbound executors; must not block. */
public interface DeliveryObserver {
  /** A run of messages was handed to one subscription's transport. */
  void onDelivered(int messages, long frameBytes);
}
