/**
 * The console: a web page for people, and the JSON that it is made of. A client of its own node
 * like anybody's, over gRPC, so it can do nothing that others cannot. Knows HTTP and the contract;
 * nothing of shards, stores and delivery.
 */
@NullMarked
package org.raftbroker.server.console;

import org.jspecify.annotations.NullMarked;
