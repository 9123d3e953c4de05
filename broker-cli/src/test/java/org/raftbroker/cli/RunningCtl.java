package org.raftbroker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A run of brokerctl in a thread of its own, whose output can be waited for. */
final class RunningCtl implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Written out = new Written();
  private final Written err = new Written();
  private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();
  private final Thread thread;

  private RunningCtl(String... args) {
    thread = new Thread(() -> run(args));
  }

  private void run(String... args) {
    try {
      exitCode.complete(Ctl.run(InputStream.nullInputStream(), out, err, false, args));
    } catch (Throwable e) {
      exitCode.completeExceptionally(e);
    }
  }

  static RunningCtl start(String... args) {
    RunningCtl running = new RunningCtl(args);
    running.thread.start();
    return running;
  }

  void awaitOut(String text) throws InterruptedException {
    out.await(text, exitCode);
  }

  void awaitErr(String text) throws InterruptedException {
    err.await(text, exitCode);
  }

  Ctl await() throws Exception {
    int code = exitCode.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    return new Ctl(code, ByteString.copyFrom(out.toByteArray()), err.toString(UTF_8));
  }

  /** What Ctrl-C does to it. */
  Ctl interrupt() throws Exception {
    thread.interrupt();
    return await();
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  /** Wakes whoever waits for a text when something is written. */
  private static final class Written extends ByteArrayOutputStream {
    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      super.write(bytes, offset, length);
      notifyAll();
    }

    @Override
    public synchronized void write(int next) {
      super.write(next);
      notifyAll();
    }

    synchronized void await(String text, CompletableFuture<Integer> exitCode)
        throws InterruptedException {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (!toString(UTF_8).contains(text)) {
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new AssertionError(
              "waited for \"" + text + "\" in: " + toString(UTF_8) + "; run: " + exitCode);
        }
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    }
  }
}
