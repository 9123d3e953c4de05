package org.raftbroker.raft.ratis;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a replica is out of service. The first problem is kept: what follows is mostly its
 * consequence. Any thread.
 */
final class ReplicaProblem {
  private static final Logger log = LoggerFactory.getLogger(ReplicaProblem.class);

  private final int shard;
  private final AtomicReference<@Nullable String> text = new AtomicReference<>();

  ReplicaProblem(int shard) {
    this.shard = shard;
  }

  /** Remembers and logs {@code what}, unless there is a problem already. */
  void report(String what, @Nullable Throwable cause) {
    String message = what + (cause == null ? "" : ": " + rootMessage(cause));
    if (text.compareAndSet(null, message)) {
      log.atError()
          .setCause(cause)
          .addKeyValue("shard", shard)
          .addKeyValue("problem", message)
          .log("replica taken out of service; its files are kept as they are");
    }
  }

  void clear() {
    text.set(null);
  }

  @Nullable String text() {
    return text.get();
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
