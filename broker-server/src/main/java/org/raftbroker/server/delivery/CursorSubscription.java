package org.raftbroker.server.delivery;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.raft.MessageRun;

/**
 * One client's stream as a cursor: the subject and the next id. It owns no queue. While the
 * transport is ready it sends the next message, from the subject's tail, or from the store when the
 * cursor is further back; when the transport is not, it holds nothing at all, however long that
 * lasts.
 *
 * <p>What a read of the store brought is sent at once as far as the transport takes it; the rest is
 * dropped and read again when the transport is ready. The next read is then as large as what was
 * taken, and grows again while everything is.
 *
 * <p>Progress is sent only when everything up to the head was: right when that is first so, and
 * each time {@link #progress} is called. A subscription that is behind sends none. Its messages
 * show that the stream is alive, and a progress frame then always means what the contract says:
 * nothing more is to come up to the head that it names.
 *
 * <p>Lives on its executor; other threads only ask how far it is.
 */
final class CursorSubscription implements Subscription {
  /** After so much it is the turn of other tasks of the event loop. */
  private static final int RUN_MESSAGES = 256;

  private static final long RUN_BYTES = 256 * 1024;

  /** Half of what gRPC's transport takes before it is not ready. */
  private static final int FIRST_READ_BYTES = 16 * 1024;

  private static final int MIN_READ_BYTES = 4 * 1024;

  /** Who is at the other end. */
  enum For {
    CLIENT,
    CLIENT_WITH_PROGRESS,
    /** Another node: it is told where it is, and brings broadcasts to its subscribers by itself. */
    NODE
  }

  private final SubscribedSubject subject;
  private final Outbound outbound;
  private final Surroundings surroundings;
  private final For whom;
  private final long startedAtMillis;
  private final AtomicBoolean closed = new AtomicBoolean();

  // Written on the executor only; read by any thread.
  private volatile long nextId;
  private volatile boolean stalled;
  private volatile long behindSinceMillis;

  // Only touched on the executor.
  private long lastSeenId;
  private int readBytes;
  private boolean reading;
  private boolean drainScheduled;
  private boolean progressDue;

  CursorSubscription(
      SubscribedSubject subject,
      long firstId,
      For whom,
      Outbound outbound,
      Surroundings surroundings) {
    this.subject = subject;
    this.nextId = firstId;
    this.whom = whom;
    this.progressDue = whom != For.CLIENT;
    this.outbound = outbound;
    this.surroundings = surroundings;
    this.startedAtMillis = surroundings.clock().millis();
    this.readBytes = Math.min(FIRST_READ_BYTES, surroundings.maxReadBytes());
  }

  @Override
  public void onReady() {
    stalled = false;
    drain();
  }

  @Override
  public void cancel() {
    close();
  }

  /** Sends what the transport takes, then stops. */
  void drain() {
    if (closed.get() || reading) {
      return;
    }
    // Before the tail: a message up to this head that the tail then lacks is in the store.
    long head = subject.head();
    Run run = new Run();
    boolean tailEnded = false;
    while (isReady()) {
      if (run.isLong()) {
        drainLater();
        break;
      }
      StoredMessage message = subject.tail().firstAtOrAfter(run.next);
      if (message == null) {
        tailEnded = true;
        break;
      }
      run.take(message);
    }
    boolean caughtUp = tailEnded && run.next > head;
    if (caughtUp && progressDue) {
      progressDue = false;
      // The tail has a message a moment before the head says so.
      outbound.sendProgress(Math.min(run.next - 1, Math.max(lastSeenId, subject.head())));
      run.flushes = true;
    }
    run.end();
    noteWhetherBehind(run);
    if (tailEnded && !caughtUp) {
      readStore();
    }
  }

  private void noteWhetherBehind(Run run) {
    boolean behind = run.next <= subject.head();
    if (behind != (behindSinceMillis > 0)) {
      behindSinceMillis = behind ? run.nowMillis : 0;
    }
  }

  /** It is time to tell the other side where it is, if it asked for that. */
  void progress() {
    if (whom != For.CLIENT) {
      progressDue = true;
      drain();
    }
  }

  /** Sends an ephemeral message, unless the transport is not ready. */
  void broadcast(byte[] frame) {
    if (!isOfANode() && isReady()) {
      outbound.sendBroadcast(frame);
      outbound.flush();
    }
  }

  void end(BrokerException reason) {
    if (close()) {
      outbound.end(reason);
    }
  }

  /** Leaves its subject; any thread. False if it had left before. */
  boolean close() {
    if (!closed.compareAndSet(false, true)) {
      return false;
    }
    subject.remove(this, outbound.executor());
    return true;
  }

  boolean wantsProgress() {
    return whom == For.CLIENT_WITH_PROGRESS;
  }

  For whom() {
    return whom;
  }

  /** Whether another node follows the subject, for subscribers of its own. */
  boolean isOfANode() {
    return whom == For.NODE;
  }

  /** Whether the transport was not ready when last asked; any thread. */
  boolean isStalled() {
    return stalled;
  }

  /** How many ids it is behind the head; any thread. */
  long lag() {
    return Math.max(0, subject.head() - (nextId - 1));
  }

  /** How it gets on; any thread. */
  SubscriptionStatus status() {
    long head = subject.head();
    long next = nextId;
    // It may have been sent everything since it last looked whether it is behind, or not have
    // looked.
    long behindSince = next > head ? 0 : behindSinceMillis;
    return new SubscriptionStatus(
        subject.subject(), outbound.client(), next, head, startedAtMillis, behindSince, stalled);
  }

  private boolean isReady() {
    if (closed.get()) {
      return false;
    }
    if (outbound.isReady()) {
      return true;
    }
    stalled = true;
    return false;
  }

  private void drainLater() {
    if (!drainScheduled) {
      drainScheduled = true;
      onExecutor(
          () -> {
            drainScheduled = false;
            drain();
          });
    }
  }

  private void readStore() {
    long fromId = nextId;
    int maxBytes = readBytes;
    reading = true;
    try {
      surroundings.reads().read(() -> readRun(fromId, maxBytes));
    } catch (RejectedExecutionException e) {
      end(subject.refusal(e));
    }
  }

  /** On a reading thread. */
  private void readRun(long fromId, int maxBytes) {
    CompletableFuture<MessageRun> read;
    try {
      read =
          closed.get()
              ? CompletableFuture.completedFuture(MessageRun.EMPTY)
              : subject.read(fromId, maxBytes);
    } catch (RuntimeException e) {
      read = CompletableFuture.failedFuture(e);
    }
    var unused =
        read.whenComplete(
            (run, failure) -> {
              BrokerException refusal = failure == null ? null : subject.refusal(failure);
              handOver(refusal == null ? () -> send(run) : () -> end(refusal));
            });
  }

  /** On the thread that has read. */
  private void handOver(Runnable result) {
    boolean accepted =
        onExecutor(
            () -> {
              try {
                result.run();
              } finally {
                surroundings.reads().leavePlace();
              }
            });
    if (!accepted) {
      surroundings.reads().leavePlace();
    }
  }

  private void send(MessageRun read) {
    reading = false;
    Run run = new Run();
    boolean cut = false;
    for (StoredMessage message : read.messages()) {
      if (!isReady()) {
        cut = true;
        break;
      }
      run.take(message);
    }
    if (cut) {
      readBytes = (int) Math.min(surroundings.maxReadBytes(), Math.max(MIN_READ_BYTES, run.bytes));
    } else {
      readBytes = Math.min(surroundings.maxReadBytes(), 2 * readBytes);
      run.next = Math.max(run.next, read.completeTo() + 1);
    }
    run.end();
    drain();
  }

  private boolean onExecutor(Runnable task) {
    Executor executor = outbound.executor();
    try {
      executor.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      close(); // the event loop has ended, and the client's connection with it
      return false;
    }
  }

  /** Messages that are sent in one go. */
  private final class Run {
    private final long nowMillis = surroundings.clock().millis();
    private long next = nextId;
    private int seen;
    private int sent;
    private long bytes;
    private boolean flushes;

    boolean isLong() {
      return seen >= RUN_MESSAGES || bytes >= RUN_BYTES;
    }

    void take(StoredMessage message) {
      next = message.id() + 1;
      lastSeenId = message.id();
      seen++;
      if (!message.isExpiredAt(nowMillis)) {
        outbound.send(message);
        sent++;
        bytes += message.frame().length;
      }
    }

    void end() {
      nextId = next;
      if (sent > 0) {
        surroundings.observer().onDelivered(sent, bytes);
      }
      if (sent > 0 || flushes) {
        outbound.flush();
      }
    }
  }
}
