/**
 * The vocabulary that every other package speaks: a subject, a message without an id, a message
 * with one, and why a request is refused. Knows the JDK, {@code ByteString} and the wire form of a
 * message; no stores, no Raft, no transport.
 */
@NullMarked
package org.raftbroker.message;

import org.jspecify.annotations.NullMarked;
