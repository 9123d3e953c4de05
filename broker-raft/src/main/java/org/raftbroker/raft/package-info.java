/**
 * The front of ordering: from a subject to its shard, from many publishes to few log entries, and
 * the seam to the log. Does not know which Raft it runs on, nor who publishes.
 */
@NullMarked
package org.raftbroker.raft;

import org.jspecify.annotations.NullMarked;
