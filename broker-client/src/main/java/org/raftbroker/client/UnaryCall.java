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
  private final Nodes nodes;
  private final ScheduledExecutorService timer;
  private final MethodDescriptor<Q, A> method;
  private final Q request;
  private final Repeatable repeatable;
  private final Search search;
  private final CompletableFuture<A> answer = new CompletableFuture<>();

  UnaryCall(
      Nodes nodes,
      ScheduledExecutorService timer,
      MethodDescriptor<Q, A> method,
      Q request,
      Repeatable repeatable,
      Times times) {
    this.nodes = nodes;
    this.timer = timer;
    this.method = method;
    this.request = request;
    this.repeatable = repeatable;
    this.search = new Search(nodes, times);
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
    // What has reached a node that is silent must not be asked elsewhere, unless it is repeatable.
    Duration share = repeatable == Repeatable.ALWAYS ? search.share() : search.left();
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(Math.max(1, share.toNanos()), TimeUnit.NANOSECONDS);
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
    try {
      Duration wait = search.next(failure);
      // What an attempt throws completes the answer.
      var unused = timer.schedule(this::attempt, wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (BrokerClientException e) {
      answer.completeExceptionally(e);
    } catch (RejectedExecutionException e) {
      answer.completeExceptionally(failure); // the client was closed meanwhile
    }
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
