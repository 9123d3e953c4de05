package org.raftbroker.bench;

import io.netty.channel.EventLoop;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Keeps one connection's share of messages outstanding: sends while its window has room and the
 * pace says so. After a failure it waits a moment, so that a node that refuses at once is not
 * hammered. Everything but {@link #start} and {@link #stop} happens on the connection's loop.
 */
final class Lane {
  private static final long PAUSE_AFTER_FAILURE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private final EventLoop loop;
  private final Pace pace;
  private final int window;
  private final int frame;
  private final Sender sender;
  private final CompletableFuture<Void> drained = new CompletableFuture<>();
  private long unsent;
  private int outstanding;
  private long pausedUntil;
  private boolean paused;
  private boolean timerSet;

  /** Sends a frame. It owes the lane one call of {@link Lane#settled} for each message, later. */
  interface Sender {
    void send(long intendedNanos);
  }

  /**
   * @param window most messages outstanding, at least {@code frame}
   * @param limit messages to send in all
   */
  Lane(EventLoop loop, Pace pace, int window, int frame, long limit, Sender sender) {
    if (window < frame) {
      throw new BenchException(
          window
              + " outstanding on a connection cannot hold a frame of "
              + frame
              + " messages (--outstanding, --frame)");
    }
    this.loop = loop;
    this.pace = pace;
    this.window = window;
    this.frame = frame;
    this.unsent = limit;
    this.sender = sender;
  }

  void start() {
    loop.execute(this::pump);
  }

  /** Sends no more; the future completes when nothing is outstanding. */
  CompletableFuture<Void> stop() {
    loop.execute(
        () -> {
          unsent = 0;
          completeIfDrained();
        });
    return drained;
  }

  /** Completes when the limit was sent and all of it is settled. */
  CompletableFuture<Void> drained() {
    return drained;
  }

  /** Messages were answered or delivered. */
  void settled(int messages) {
    outstanding = Math.max(0, outstanding - messages);
    completeIfDrained();
    pump();
  }

  /** Messages failed. */
  void failed(int messages) {
    paused = true;
    pausedUntil = System.nanoTime() + PAUSE_AFTER_FAILURE_NANOS;
    settled(messages);
  }

  private void pump() {
    while (unsent >= frame && outstanding + frame <= window) {
      long now = System.nanoTime();
      long wait = paused ? Math.max(pausedUntil - now, pace.untilNext(now)) : pace.untilNext(now);
      if (wait > 0) {
        wakeAfter(wait);
        return;
      }
      paused = false;
      outstanding += frame;
      unsent -= frame;
      sender.send(pace.take(now));
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // a task on our own loop, which outlives it
  private void wakeAfter(long nanos) {
    if (timerSet) {
      return;
    }
    timerSet = true;
    loop.schedule(
        () -> {
          timerSet = false;
          pump();
        },
        nanos,
        TimeUnit.NANOSECONDS);
  }

  private void completeIfDrained() {
    if (unsent < frame && outstanding == 0) {
      drained.complete(null);
    }
  }
}
