package org.raftbroker.server.grpc;

import io.grpc.Attributes;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerTransportFilter;
import java.util.concurrent.atomic.AtomicInteger;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;

/**
 * Bounds the long-lived streams of a connection. The transport's own bound on calls makes a client
 * wait without a word; a stream that would wait for others to end is better refused.
 */
final class StreamLimit {
  private static final Attributes.Key<AtomicInteger> OPEN_STREAMS =
      Attributes.Key.create("raftbroker-open-streams");

  private final int maxStreams;
  private final RequestObserver observer;

  StreamLimit(int maxStreams, RequestObserver observer) {
    this.maxStreams = maxStreams;
    this.observer = observer;
  }

  /** Gives each connection its count; the server needs it for {@link #bound} to work. */
  static ServerTransportFilter counting() {
    return new ServerTransportFilter() {
      @Override
      public Attributes transportReady(Attributes attributes) {
        return attributes.toBuilder().set(OPEN_STREAMS, new AtomicInteger()).build();
      }
    };
  }

  <Q, A> ServerCallHandler<Q, A> bound(ServerCallHandler<Q, A> handler) {
    return (call, headers) -> {
      AtomicInteger open = call.getAttributes().get(OPEN_STREAMS);
      if (open == null) {
        throw new IllegalStateException("the server does not count streams");
      }
      if (open.incrementAndGet() > maxStreams) {
        open.decrementAndGet();
        refuse(call);
        return new ServerCall.Listener<>() {};
      }
      return new Counted<>(handler.startCall(call, headers), open);
    };
  }

  private void refuse(ServerCall<?, ?> call) {
    ErrorStatus.of(
            new BrokerException(
                Reason.TOO_MANY_STREAMS,
                "this connection has "
                    + maxStreams
                    + " streams open, which is the limit (limits.maxStreamsPerConnection); end one,"
                    + " or open another connection"))
        .end(call, observer);
  }

  /** Exactly one of the two ends comes, once. */
  private static final class Counted<Q> extends SimpleForwardingServerCallListener<Q> {
    private final AtomicInteger open;

    Counted(ServerCall.Listener<Q> listener, AtomicInteger open) {
      super(listener);
      this.open = open;
    }

    @Override
    public void onCancel() {
      open.decrementAndGet();
      super.onCancel();
    }

    @Override
    public void onComplete() {
      open.decrementAndGet();
      super.onComplete();
    }
  }
}
