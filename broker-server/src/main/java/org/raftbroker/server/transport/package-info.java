/**
 * What gRPC needs on both of its sides here, server and peer connections: the event loops that all
 * of its traffic runs on, and a marshaller that does not copy bodies. Knows Netty, gRPC and
 * protobuf; nothing of the broker.
 */
@NullMarked
package org.raftbroker.server.transport;

import org.jspecify.annotations.NullMarked;
