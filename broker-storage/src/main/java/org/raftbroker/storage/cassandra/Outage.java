package org.raftbroker.storage.cassandra;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.raftbroker.storage.ArchiveException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the operator once that Cassandra fails, and once that it is back: not with every request.
 * Any thread.
 */
final class Outage {
  /** A success this long after the last failure ends it; in between, some pass and some fail. */
  private static final Duration QUIET = Duration.ofSeconds(5);

  private static final Logger log = LoggerFactory.getLogger(CassandraArchive.class);

  private final String where;
  private final LongSupplier nanos;

  // What every success reads.
  private volatile boolean isOut;

  // Guarded by this.
  private String lastMessage = "";
  private long lastFailureNanos;

  /**
   * @param nanos a clock such as {@code System::nanoTime}
   */
  Outage(String where, LongSupplier nanos) {
    this.where = where;
    this.nanos = nanos;
  }

  /**
   * @param trouble what it is about, the same for all requests that fail of it
   */
  synchronized void failed(String trouble, ArchiveException failure) {
    lastFailureNanos = nanos.getAsLong();
    if (!trouble.equals(lastMessage)) {
      lastMessage = trouble;
      isOut = true;
      log.atWarn().addKeyValue("problem", failure.getMessage()).log("archive does not work");
    }
  }

  void succeeded() {
    if (isOut) {
      end(QUIET);
    }
  }

  /** As after a new connection, before which nothing can have succeeded. */
  void over() {
    end(Duration.ZERO);
  }

  private synchronized void end(Duration quiet) {
    if (isOut && nanos.getAsLong() - lastFailureNanos >= quiet.toNanos()) {
      isOut = false;
      lastMessage = "";
      log.atInfo().addKeyValue("archive", where).log("archive works again");
    }
  }
}
