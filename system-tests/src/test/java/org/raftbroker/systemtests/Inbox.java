package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.raftbroker.systemtests.cluster.NodeClient;

/** What a server stream has brought, to be taken one by one. */
final class Inbox<R> extends ClientCall.Listener<R> implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(20);

  private final BlockingQueue<R> arrived = new LinkedBlockingQueue<>();
  private final CompletableFuture<Void> inPlace = new CompletableFuture<>();
  private final ClientCall<?, R> call;

  private Inbox(ClientCall<?, R> call) {
    this.call = call;
  }

  /** Calls, and returns once the server has said that the stream is in place. */
  static <Q, R> Inbox<R> open(NodeClient node, MethodDescriptor<Q, R> method, Q request) {
    ClientCall<Q, R> call = node.channel().newCall(method, CallOptions.DEFAULT);
    Inbox<R> inbox = new Inbox<>(call);
    call.start(inbox, new Metadata());
    call.request(Integer.MAX_VALUE);
    call.sendMessage(request);
    call.halfClose();
    assertThat(inbox.inPlace).succeedsWithin(BOUND);
    return inbox;
  }

  R take() throws InterruptedException {
    R next = arrived.poll(BOUND.toSeconds(), TimeUnit.SECONDS);
    if (next == null) {
      throw new AssertionError("nothing came within " + BOUND.toSeconds() + " s");
    }
    return next;
  }

  @Override
  public void onHeaders(Metadata headers) {
    inPlace.complete(null);
  }

  @Override
  public void onMessage(R message) {
    arrived.add(message);
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    inPlace.completeExceptionally(status.asException(trailers));
  }

  @Override
  public void close() {
    call.cancel("has seen enough", null);
  }
}
