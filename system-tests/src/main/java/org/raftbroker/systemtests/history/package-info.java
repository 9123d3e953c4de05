/**
 * What clients did to a cluster and what they saw, and the judge of it: {@code HistoryChecker} says
 * whether the broker kept its promises. Knows the wire form of a message; no processes, no
 * channels, no clock: times are handed in.
 */
@NullMarked
package org.raftbroker.systemtests.history;

import org.jspecify.annotations.NullMarked;
