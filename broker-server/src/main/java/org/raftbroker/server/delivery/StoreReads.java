package org.raftbroker.server.delivery;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that read stores for subscriptions, so that no event loop and no apply thread waits
 * for a disk. Any thread; nothing blocks.
 *
 * <p>Runs of messages that were read and not yet sent are bounded over all subscriptions: a read
 * starts when one of the places for runs is free. Who waits for a place holds nothing but its
 * cursor; a subscription waits for one at a time, so there are no more waiting than subscriptions.
 */
final class StoreReads implements AutoCloseable {
  /** More than one, so that a thread reads on while an event loop sends. */
  static final int RUNS_A_THREAD = 4;

  private final ExecutorService threads;
  private final int places;

  // Guarded by this.
  private final Queue<Runnable> waiting = new ArrayDeque<>();
  private int freePlaces;

  StoreReads(int threadCount) {
    AtomicInteger number = new AtomicInteger();
    threads =
        Executors.newFixedThreadPool(
            threadCount,
            task -> {
              Thread thread = new Thread(task, "delivery-read-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    places = threadCount * RUNS_A_THREAD;
    freePlaces = places;
  }

  /**
   * Runs a task that brings no messages.
   *
   * @throws RejectedExecutionException after {@link #close()}
   */
  void execute(Runnable task) {
    threads.execute(task);
  }

  /**
   * Runs a read as soon as there is a place for what it brings. Exactly one call of {@link
   * #leavePlace()} must follow.
   *
   * @throws RejectedExecutionException after {@link #close()}; then no call must follow
   */
  synchronized void read(Runnable read) {
    if (threads.isShutdown()) {
      throw new RejectedExecutionException("reading is over");
    }
    if (freePlaces == 0) {
      waiting.add(read);
      return;
    }
    threads.execute(read);
    freePlaces--;
  }

  /** What a read has brought was sent or dropped. */
  synchronized void leavePlace() {
    Runnable next = waiting.poll();
    if (next == null || threads.isShutdown()) {
      freePlaces++;
    } else {
      threads.execute(next);
    }
  }

  synchronized int runsInMemory() {
    return places - freePlaces;
  }

  /** Ends the threads; what waits for a place is dropped. */
  @Override
  public void close() {
    synchronized (this) {
      waiting.clear();
      threads.shutdown();
    }
    try {
      if (!threads.awaitTermination(10, TimeUnit.SECONDS)) {
        threads.shutdownNow();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      threads.shutdownNow();
    }
  }
}
