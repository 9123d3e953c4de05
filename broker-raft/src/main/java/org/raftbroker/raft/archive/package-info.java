/**
 * Moves what shards have stored to the archive that all nodes share, and opens shards in a way that
 * no id which the archive knows is given out again. Knows the seams to the archive and the catalog,
 * no driver.
 */
@NullMarked
package org.raftbroker.raft.archive;

import org.jspecify.annotations.NullMarked;
