/**
 * The Cassandra and the PostgreSQL that tests use: processes of this machine, or containers. Knows
 * nothing of the broker.
 */
@NullMarked
package org.raftbroker.testservers;

import org.jspecify.annotations.NullMarked;
