package org.raftbroker.bench;

import io.grpc.ManagedChannel;
import io.netty.channel.EventLoop;

/**
 * One HTTP/2 connection.
 *
 * @param loop the only thread of this connection: every answer is handled there, so state that is
 *     touched only there needs no lock
 */
record Connection(String server, ManagedChannel channel, EventLoop loop) {}
