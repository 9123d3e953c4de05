package org.raftbroker.raft;

/**
 * Between which ids a subject can be read.
 *
 * @param firstId no message before this id can be read; 1 for an unknown subject
 * @param head the highest id given so far; 0 if none
 */
public record SubjectBounds(long firstId, long head) {}
