package org.raftbroker.server.grpc;

import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.server.transport.EventLoops;

/** Takes the request of a unary call to its method, and the answer or the refusal back. */
final class UnaryHandler<Q, A> implements ServerCallHandler<Request<Q>, A> {
  /** Learns of each answer that went out. Called on event loops. */
  @FunctionalInterface
  interface Answered<Q, A> {
    void onAnswered(Q request, A answer, long nanos);
  }

  /** The last tenth of a call's time is left for the way of the answer, but no more than this. */
  private static final long MAX_ANSWER_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private static final int ANSWER_PART = 10;

  private final UnaryMethod<Q, A> method;
  private final Answered<Q, A> answered;
  private final EventLoops loops;
  private final RequestObserver observer;

  UnaryHandler(
      UnaryMethod<Q, A> method,
      Answered<Q, A> answered,
      EventLoops loops,
      RequestObserver observer) {
    this.method = method;
    this.answered = answered;
    this.loops = loops;
    this.observer = observer;
  }

  @Override
  public ServerCall.Listener<Request<Q>> startCall(
      ServerCall<Request<Q>, A> call, Metadata headers) {
    // The second is one too many: gRPC ends the call when it comes, which it does only if asked
    // for.
    call.request(2);
    return new Call(call, loops.current());
  }

  /**
   * One call: its listener, what completes its future, and the task that answers on its event loop,
   * in one object, because one of each for every publish is what a node spends its time on.
   */
  private final class Call extends ServerCall.Listener<Request<Q>>
      implements BiConsumer<A, Throwable>, Runnable {
    private final ServerCall<Request<Q>, A> call;
    private final EventExecutor loop;

    // Only touched on the event loop.
    private @Nullable Request<Q> request;
    private long arrivedNanos;
    private boolean closed;
    private @Nullable Future<?> tooLate;

    // Written before the hand-over to the event loop, read after it.
    private @Nullable A answer;
    private @Nullable Throwable failure;

    Call(ServerCall<Request<Q>, A> call, EventExecutor loop) {
      this.call = call;
      this.loop = loop;
    }

    @Override
    public void onMessage(Request<Q> message) {
      request = message;
      arrivedNanos = System.nanoTime();
    }

    @Override
    public void onHalfClose() {
      Deadline deadline = Context.current().getDeadline();
      if (deadline != null && deadline.isExpired()) {
        close(ErrorStatus.deadlineExceeded());
        return;
      }
      CompletableFuture<A> future;
      try {
        future = method.answer(theRequest());
      } catch (RuntimeException e) {
        close(ErrorStatus.of(e));
        return;
      }
      // A completion of ours does not throw, so the future that it makes tells nothing.
      var unused = future.whenComplete(this);
      if (deadline != null && !future.isDone()) {
        long leftNanos = deadline.timeRemaining(TimeUnit.NANOSECONDS);
        tooLate =
            loop.schedule(
                this::answerTooLate,
                leftNanos - Math.min(leftNanos / ANSWER_PART, MAX_ANSWER_NANOS),
                TimeUnit.NANOSECONDS);
      }
    }

    /**
     * While the client still listens: that it may retry is worth more to it than its own timeout.
     */
    private void answerTooLate() {
      close(
          ErrorStatus.of(
              new BrokerException(
                  Reason.NO_QUORUM,
                  "not answered within the call's deadline; it may still happen: retry with the"
                      + " same idempotency key")));
    }

    @Override
    public void onCancel() {
      closed = true;
    }

    /** The method's future completed, on any thread. */
    @Override
    public void accept(@Nullable A answer, @Nullable Throwable failure) {
      this.answer = answer;
      this.failure = failure;
      if (loop.inEventLoop()) {
        run();
      } else {
        // A task for each call: the loop wakes and flushes once for all that queue up meanwhile.
        // Measured against a queue of our own, and against answering on the shard's thread: the
        // same cost for a call, and this keeps the work off the shard's thread.
        loop.execute(this);
      }
    }

    @Override
    public void run() {
      if (tooLate != null) {
        tooLate.cancel(false);
      }
      if (closed) {
        return; // the client is gone, or was told that it is too late
      }
      if (answer == null) {
        close(
            ErrorStatus.of(
                failure != null ? failure : new IllegalStateException("no answer, no failure")));
        return;
      }
      closed = true;
      call.sendHeaders(new Metadata());
      call.sendMessage(answer);
      call.close(Status.OK, new Metadata());
      answered.onAnswered(theRequest(), answer, System.nanoTime() - arrivedNanos);
    }

    private Q theRequest() {
      if (request == null) {
        throw new BrokerException(Reason.MALFORMED_REQUEST, "the call has no request; send one");
      }
      return request.message();
    }

    private void close(ErrorStatus error) {
      if (closed) {
        return;
      }
      closed = true;
      error.end(call, observer);
    }
  }
}
