/**
 * What a committed entry means: the pure core that gives ids. No I/O, no clock, no threads, no
 * logging.
 */
@NullMarked
package org.raftbroker.raft.apply;

import org.jspecify.annotations.NullMarked;
