package org.raftbroker.systemtests.load;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the clients of a load share: when to stop, how far they are, what went wrong. Any thread.
 */
final class Progress {
  private final AtomicLong acknowledged = new AtomicLong();
  private final AtomicLong givenUp = new AtomicLong();
  private final AtomicLong retries = new AtomicLong();
  private final Queue<Throwable> defects = new ConcurrentLinkedQueue<>();
  private volatile boolean stopping;

  void stop() {
    stopping = true;
  }

  boolean isStopping() {
    return stopping;
  }

  void acknowledged() {
    acknowledged.incrementAndGet();
  }

  void givenUp() {
    givenUp.incrementAndGet();
  }

  void retried() {
    retries.incrementAndGet();
  }

  /** An exception that no client is written for: a defect of the tests. */
  void defect(Throwable failure) {
    defects.add(failure);
  }

  long acknowledgedCount() {
    return acknowledged.get();
  }

  long givenUpCount() {
    return givenUp.get();
  }

  long retryCount() {
    return retries.get();
  }

  Queue<Throwable> defects() {
    return defects;
  }
}
