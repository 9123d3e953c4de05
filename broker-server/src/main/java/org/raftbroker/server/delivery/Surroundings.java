package org.raftbroker.server.delivery;

import java.time.InstantSource;

/**
 * What all subscriptions of a node use.
 *
 * @param maxReadBytes most bytes of one read of the store
 * @param clock decides what has expired
 */
record Surroundings(
    StoreReads reads, int maxReadBytes, InstantSource clock, DeliveryObserver observer) {}
