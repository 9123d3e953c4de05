/**
 * {@code brokerctl}, the command-line tool: one class for each command, and beside them what
 * commands share: {@code Servers} (whom to ask, by the client for Java) and {@code Failure} (what
 * went wrong, and the exit code). A client like anybody's: it knows the contract and nothing of the
 * server's inside.
 */
@NullMarked
package org.raftbroker.cli;

import org.jspecify.annotations.NullMarked;
