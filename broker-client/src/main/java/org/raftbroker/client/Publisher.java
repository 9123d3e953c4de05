package org.raftbroker.client;

import com.google.protobuf.ByteString;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.raftbroker.proto.PublishRequest;

/**
 * A stream of publishes: the fast way in. What is published while a frame is being sent goes in the
 * next one, so batches form by themselves and nothing waits for them. Every message has an
 * idempotency key, its own or one given here; when a node goes away, what is unanswered goes again,
 * in order, to the next one, and still happens once. Messages of one subject get their ids in the
 * order of the calls, unless a node refused one for the moment ({@code TOO_MANY_PENDING}): that one
 * goes again behind those that were taken.
 *
 * <p>Any thread may publish.
 */
public final class Publisher implements AutoCloseable {
  private static final int MAX_UNANSWERED = 10_000;
  private static final long MAX_UNANSWERED_BYTES = 16L * 1024 * 1024;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final PublishStream stream;
  private final Times times;
  private final Consumer<Publisher> onClose;
  // No other publisher has these keys.
  private final String origin = randomOrigin();

  // Guarded by this.
  private long count;
  private int unanswered;
  private long unansweredBytes;
  private boolean closed;

  Publisher(
      Nodes nodes, ScheduledExecutorService thread, Times times, Consumer<Publisher> onClose) {
    this.stream = new PublishStream(nodes, thread, times.attemptTimeout());
    this.times = times;
    this.onClose = onClose;
  }

  /** {@link #publish(PublishRequest)} of a body on a subject. */
  public CompletableFuture<Long> publish(String subject, ByteString body)
      throws InterruptedException {
    return publish(PublishRequest.newBuilder().setSubject(subject).setBody(body).build());
  }

  /**
   * Publishes one message. Waits while 10,000 messages or 16 MiB are unanswered, so do not call it
   * from what hangs on a future of an earlier one without an executor of its own.
   *
   * @return the id; or {@link BrokerClientException} if a node refused the message, or none
   *     answered in time: then it may or may not have happened
   */
  public CompletableFuture<Long> publish(PublishRequest message) throws InterruptedException {
    PendingPublish pending;
    synchronized (this) {
      long bytes = message.getBody().size();
      while (!closed
          && unanswered > 0
          && (unanswered >= MAX_UNANSWERED || unansweredBytes + bytes > MAX_UNANSWERED_BYTES)) {
        wait();
      }
      if (closed) {
        throw new IllegalStateException("the publisher is closed");
      }
      pending = new PendingPublish(keyed(message), System.nanoTime(), times);
      unanswered++;
      unansweredBytes += bytes;
      // Under the lock: the order of the calls is the order of the stream.
      stream.send(pending);
    }
    var unused = pending.id().whenComplete((id, failure) -> answered(pending));
    return pending.id();
  }

  /** Waits until everything published so far is answered, whether well or not. */
  public synchronized void flush() throws InterruptedException {
    while (unanswered > 0) {
      wait();
    }
  }

  /** Waits for what is unanswered, at most for its timeout; then takes no more. */
  @Override
  public void close() {
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      notifyAll();
      long deadline = System.nanoTime() + times.timeout().toNanos();
      while (unanswered > 0 && !interrupted) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          break;
        }
        try {
          wait(left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    stream.close();
    onClose.accept(this);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends at once; what is unanswered fails. */
  void abort() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    stream.close();
  }

  private PublishRequest keyed(PublishRequest message) {
    return message.getIdempotencyKey().isEmpty()
        ? message.toBuilder().setIdempotencyKey(origin + ++count).build()
        : message;
  }

  private synchronized void answered(PendingPublish pending) {
    unanswered--;
    unansweredBytes -= pending.bodyBytes();
    notifyAll();
  }

  private static String randomOrigin() {
    byte[] bytes = new byte[12];
    RANDOM.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes) + "-";
  }
}
