/**
 * Other nodes: connections to them, submissions that they forward to the shards led here, and
 * broadcasts between nodes. Knows shards, delivery, membership and gRPC; not the public service.
 */
@NullMarked
package org.raftbroker.server.peer;

import org.jspecify.annotations.NullMarked;
