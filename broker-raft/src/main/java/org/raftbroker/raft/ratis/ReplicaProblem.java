package org.raftbroker.raft.ratis;

import java.io.FileNotFoundException;
import java.nio.file.FileSystemException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.ratis.io.CorruptedFileException;
import org.apache.ratis.protocol.exceptions.ChecksumException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.storage.StoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Why a replica is out of service. The first problem is kept: what follows is mostly its
 * consequence. Any thread.
 */
final class ReplicaProblem {
  private static final Logger log = LoggerFactory.getLogger(ReplicaProblem.class);

  /** What Ratis says when it cannot open its log. */
  private static final String LOG_UNREADABLE = "Failed to initRaftLog";

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

  /** Whether any of the causes says that a file is not what was written. */
  static boolean isDamage(Throwable failure) {
    boolean whileReadingLog = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ChecksumException
          || cause instanceof CorruptedFileException
          || (cause instanceof StoreException store && store.isDamage())) {
        return true;
      }
      whileReadingLog |= String.valueOf(cause.getMessage()).contains(LOG_UNREADABLE);
    }
    Throwable root = root(failure);
    // A log that does not fit together fails in many ways; a disk that cannot be read now may be
    // readable later.
    return whileReadingLog
        && !(root instanceof FileSystemException)
        && !(root instanceof FileNotFoundException);
  }

  @Nullable String text() {
    return text.get();
  }

  private static String rootMessage(Throwable failure) {
    Throwable root = root(failure);
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  private static Throwable root(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root;
  }
}
