/**
 * What the Raft log carries: commands, the submissions that make them apply once, entries, and
 * their encoding. No I/O.
 */
@NullMarked
package org.raftbroker.raft.command;

import org.jspecify.annotations.NullMarked;
