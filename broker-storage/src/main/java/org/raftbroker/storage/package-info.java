/**
 * The seams between what Raft decided and where it is kept: the state of a shard as values, its
 * read side, and the store that writes one entry's changes atomically; the archive and the catalog
 * that all nodes share. Knows the vocabulary; no Raft, no driver.
 */
@NullMarked
package org.raftbroker.storage;

import org.jspecify.annotations.NullMarked;
