/**
 * Who is in the cluster, and who of them is there. One package below for each way to find out.
 * Knows nothing of Raft or gRPC services.
 */
@NullMarked
package org.raftbroker.server.membership;

import org.jspecify.annotations.NullMarked;
