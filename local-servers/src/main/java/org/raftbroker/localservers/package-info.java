/**
 * Real Cassandra and PostgreSQL servers as processes of this machine, for tests and for a cluster
 * on a developer's machine. Knows nothing of the broker.
 */
@NullMarked
package org.raftbroker.localservers;

import org.jspecify.annotations.NullMarked;
