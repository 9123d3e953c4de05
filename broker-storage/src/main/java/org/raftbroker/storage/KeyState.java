package org.raftbroker.storage;

/**
 * What a shard remembers of one idempotency key of a subject.
 *
 * @param id the id that the first publish with it got
 * @param contentHash tells whether a repeat has the same content
 * @param forgottenAtMillis log time from which on the key is free again
 */
public record KeyState(long id, long contentHash, long forgottenAtMillis) {}
