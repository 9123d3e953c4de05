/**
 * Where replicas are to be: the cluster map, a value that all nodes share, and the pure rules that
 * change it. Knows neither Raft nor sockets.
 */
@NullMarked
package org.raftbroker.raft.placement;

import org.jspecify.annotations.NullMarked;
