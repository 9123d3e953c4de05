package org.raftbroker.client;

import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One question with one answer, asked at one node after the other until one answers, one refuses,
 * or the time is up. Attempts follow each other; nothing here runs at the same time as anything
 * else of it.
 */
final class UnaryCall<Q, A> {
  /** What may be asked again although it may have happened. */
  enum Repeatable {
    /** It is the same the second time. */
    ALWAYS,
    /** A second time would be one more. */
    IF_IT_CANNOT_HAVE_HAPPENED
  }

  private final Nodes nodes;
  private final ScheduledExecutorService timer;
  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Repeatable repeatable;
  private final Duration attemptTimeout;
  private final long deadlineNanos;
  private final CompletableFuture<A> answer = new CompletableFuture<>();
  private final Pause pause = new Pause();

  UnaryCall(
      Nodes nodes,
      ScheduledExecutorService timer,
      MethodDescriptor<Q, A> method,
      Q request,
      Repeatable repeatable,
      Duration timeout,
      Duration attemptTimeout) {
    this.nodes = nodes;
    this.timer = timer;
    this.method = method;
    this.request = request;
    this.repeatable = repeatable;
    this.attemptTimeout = attemptTimeout;
    this.deadlineNanos = System.nanoTime() + timeout.toNanos();
  }

  /**
   * Asks.
   *
   * @return fails with {@link BrokerClientException}
   */
  CompletableFuture<A> start() {
    attempt();
    return answer;
  }

  private void attempt() {
    String node = nodes.current();
    // One that does not say a word must not use up the time of the others, if they may be asked.
    long share = repeatable == Repeatable.ALWAYS ? attemptTimeout.toNanos() : leftNanos();
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(
            Math.max(1, Math.min(share, leftNanos())), TimeUnit.NANOSECONDS);
    try {
      ClientCalls.asyncUnaryCall(
          nodes.channel(node).newCall(method, options), request, new Answer(node));
    } catch (RuntimeException e) {
      answer.completeExceptionally(e); // the client is closed, for example
    }
  }

  private void failed(BrokerClientException failure) {
    boolean again = failure.isHarmless() || (repeatable == Repeatable.ALWAYS && failure.isOutage());
    if (!again) {
      answer.completeExceptionally(failure);
      return;
    }
    if (failure.isOutage()) {
      nodes.failed(failure.node());
    }
    long wait = pause.next(failure).toNanos();
    if (wait >= leftNanos()) {
      answer.completeExceptionally(failure);
      return;
    }
    try {
      // What an attempt throws completes the answer.
      var unused = timer.schedule(this::attempt, wait, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(failure); // the client was closed meanwhile
    }
  }

  private long leftNanos() {
    return deadlineNanos - System.nanoTime();
  }

  /** What one node answers. */
  private final class Answer implements StreamObserver<A> {
    private final String node;
    private @Nullable A value;

    Answer(String node) {
      this.node = node;
    }

    @Override
    public void onNext(A next) {
      value = next;
    }

    @Override
    public void onError(Throwable cause) {
      failed(BrokerClientException.of(cause, node));
    }

    @Override
    public void onCompleted() {
      answer.complete(value); // gRPC has checked that there is one
    }
  }
}
