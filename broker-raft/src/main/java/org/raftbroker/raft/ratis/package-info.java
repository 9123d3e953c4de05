/**
 * Shards as Ratis groups: the log, the state machine that applies it, snapshots, and the settings
 * that decide safety. The only package that imports Ratis.
 */
@NullMarked
package org.raftbroker.raft.ratis;

import org.jspecify.annotations.NullMarked;
