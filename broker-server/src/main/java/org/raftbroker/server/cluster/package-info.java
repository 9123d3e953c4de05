/**
 * This node's part in the cluster: how it gets in, how it learns the cluster map, and, where it
 * leads the shard that keeps the map, where replicas are to go. Knows shards, peers and membership;
 * not the public service.
 */
@NullMarked
package org.raftbroker.server.cluster;

import org.jspecify.annotations.NullMarked;
