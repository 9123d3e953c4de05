package org.raftbroker.raft;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets callers share read barriers: those who come while one is under way wait together for the
 * next, which begins after all of them came. Any thread.
 */
final class ReadBarriers {
  private final Supplier<CompletableFuture<Void>> barrier;

  // Guarded by "this".
  private boolean underWay;
  private @Nullable CompletableFuture<Void> next;

  ReadBarriers(Supplier<CompletableFuture<Void>> barrier) {
    this.barrier = barrier;
  }

  CompletableFuture<Void> await() {
    CompletableFuture<Void> mine;
    synchronized (this) {
      if (underWay) {
        if (next == null) {
          next = new CompletableFuture<>();
        }
        return next;
      }
      underWay = true;
      mine = new CompletableFuture<>();
    }
    run(mine);
    return mine;
  }

  private void run(CompletableFuture<Void> callers) {
    var unused =
        barrier
            .get()
            .whenComplete(
                (done, failure) -> {
                  CompletableFuture<Void> waiting;
                  synchronized (this) {
                    waiting = next;
                    next = null;
                    underWay = waiting != null;
                  }
                  if (waiting != null) {
                    run(waiting);
                  }
                  if (failure == null) {
                    callers.complete(null);
                  } else {
                    callers.completeExceptionally(failure);
                  }
                });
  }
}
