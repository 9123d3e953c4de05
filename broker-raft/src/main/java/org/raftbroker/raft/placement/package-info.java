/**
 * Which members have replicas of which shards: a decision that every node comes to by itself, from
 * values. Knows nothing of ours, no clock and no network.
 */
@NullMarked
package org.raftbroker.raft.placement;

import org.jspecify.annotations.NullMarked;
