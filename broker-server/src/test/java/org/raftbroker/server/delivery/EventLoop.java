package org.raftbroker.server.delivery;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** One thread that runs tasks in order, as a transport's event loop does. */
final class EventLoop implements Executor, AutoCloseable {
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final ExecutorService tasks;
  private volatile @Nullable Thread thread;

  EventLoop() {
    tasks =
        Executors.newSingleThreadExecutor(
            task -> {
              thread = new Thread(task, "loop-" + NUMBER.incrementAndGet());
              return thread;
            });
  }

  @Override
  public void execute(Runnable task) {
    tasks.execute(task);
  }

  void checkThread() {
    if (Thread.currentThread() != thread) {
      throw new IllegalStateException("called on " + Thread.currentThread() + ", not " + thread);
    }
  }

  /** Keeps this loop busy until the latch is counted down. */
  CountDownLatch hold() {
    var busy = new CountDownLatch(1);
    tasks.execute(
        () -> {
          try {
            busy.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    return busy;
  }

  /** Runs an action on this loop and waits for what it answers. */
  <T extends @Nullable Object> T call(Callable<T> action) {
    var answer = new CompletableFuture<T>();
    tasks.execute(
        () -> {
          try {
            answer.complete(action.call());
          } catch (Exception | Error e) {
            answer.completeExceptionally(e);
          }
        });
    return answer.join();
  }

  @Override
  public void close() {
    tasks.shutdown();
  }
}
