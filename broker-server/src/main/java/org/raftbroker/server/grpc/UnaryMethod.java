package org.raftbroker.server.grpc;

import java.util.concurrent.CompletableFuture;

/** What a method with one request and one answer does. Called on event loops; never blocks. */
@FunctionalInterface
interface UnaryMethod<Q, A> {
  /** May throw instead of failing the future; the future may complete on any thread. */
  CompletableFuture<A> answer(Q request);
}
