package org.raftbroker.server.grpc;

import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The client's end of a stream: keeps what came, reads as much as it is told to. */
final class Received<Q, A> implements ClientResponseObserver<Q, A> {
  private static final int SECONDS = 20;

  private final boolean bySlowHand;
  private final LinkedBlockingQueue<A> queue = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> end = new CompletableFuture<>();
  private @Nullable ClientCallStreamObserver<Q> call;

  private Received(boolean bySlowHand) {
    this.bySlowHand = bySlowHand;
  }

  static <Q, A> Received<Q, A> all() {
    return new Received<>(false);
  }

  /** Reads only what {@link #request} asks for. */
  static <Q, A> Received<Q, A> byHand() {
    return new Received<>(true);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<Q> call) {
    this.call = call;
    if (bySlowHand) {
      call.disableAutoRequestWithInitial(0);
    }
  }

  @Override
  public void onNext(A answer) {
    queue.add(answer);
  }

  @Override
  public void onError(Throwable failure) {
    end.completeExceptionally(failure);
  }

  @Override
  public void onCompleted() {
    end.complete(null);
  }

  void request(int messages) {
    call().request(messages);
  }

  void cancel() {
    call().cancel("the test has seen enough", null);
  }

  boolean isReady() {
    return call().isReady();
  }

  /** The next one, waiting for it. */
  A next() throws InterruptedException {
    A next = queue.poll(SECONDS, TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came within " + SECONDS + " s");
    }
    return next;
  }

  int waiting() {
    return queue.size();
  }

  boolean hasEnded() {
    return end.isDone();
  }

  /** How the stream ended, waiting for it; null: well. */
  @Nullable Throwable end() throws Exception {
    return end.handle((ended, failure) -> failure).get(SECONDS, TimeUnit.SECONDS);
  }

  private ClientCallStreamObserver<Q> call() {
    if (call == null) {
      throw new IllegalStateException("not started");
    }
    return call;
  }
}
