/**
 * The catalog in PostgreSQL; the only package that knows JDBC, its pool and its migrations. Knows
 * nothing of Raft.
 */
@NullMarked
package org.raftbroker.storage.postgres;

import org.jspecify.annotations.NullMarked;
