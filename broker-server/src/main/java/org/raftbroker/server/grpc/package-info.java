/**
 * The gRPC front of a node: handlers that translate, call one method and translate back; errors
 * mapped once; limits. Knows shards, delivery and peers; no stores, no Ratis.
 */
@NullMarked
package org.raftbroker.server.grpc;

import org.jspecify.annotations.NullMarked;
