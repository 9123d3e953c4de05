package org.raftbroker.server.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.delivery.Subscription;
import org.raftbroker.server.transport.EventLoops;

/** Puts subscriptions in place, and tells them what their transport does. */
final class SubscribeHandler implements ServerCallHandler<Request<SubscribeRequest>, Encoded> {
  private final Delivery delivery;
  private final boolean batches;
  private final LimitsConfig limits;
  private final EventLoops loops;
  private final RequestObserver observer;
  private final MessageTracer tracer;

  /**
   * @param batches whether a frame carries many messages
   */
  SubscribeHandler(
      Delivery delivery,
      boolean batches,
      LimitsConfig limits,
      EventLoops loops,
      RequestObserver observer,
      MessageTracer tracer) {
    this.delivery = delivery;
    this.batches = batches;
    this.limits = limits;
    this.loops = loops;
    this.observer = observer;
    this.tracer = tracer;
  }

  @Override
  public ServerCall.Listener<Request<SubscribeRequest>> startCall(
      ServerCall<Request<SubscribeRequest>, Encoded> call, Metadata headers) {
    call.setOnReadyThreshold(limits.maxUnsentBytes());
    call.request(1);
    return new Call(new StreamOutbound(call, loops.current(), batches, observer, tracer));
  }

  /** One subscription's call. Only touched on its event loop. */
  private final class Call extends ServerCall.Listener<Request<SubscribeRequest>> {
    private final StreamOutbound outbound;
    private @Nullable Request<SubscribeRequest> request;
    private @Nullable Subscription subscription;
    private boolean cancelled;

    Call(StreamOutbound outbound) {
      this.outbound = outbound;
    }

    @Override
    public void onMessage(Request<SubscribeRequest> message) {
      request = message;
    }

    @Override
    public void onHalfClose() {
      CompletableFuture<Subscription> future;
      try {
        if (request == null) {
          throw new BrokerException(
              Reason.MALFORMED_REQUEST, "the call has no request; say what to subscribe to");
        }
        SubscribeRequest message = request.message();
        future =
            delivery.subscribe(
                WireFormat.subject(message),
                WireFormat.start(message),
                message.getProgress(),
                outbound);
      } catch (RuntimeException e) {
        outbound.refuse(e);
        return;
      }
      var unused = future.whenComplete(this::onInPlace);
    }

    @Override
    public void onReady() {
      if (subscription != null) {
        subscription.onReady();
      }
    }

    @Override
    public void onCancel() {
      cancelled = true;
      outbound.close();
      if (subscription != null) {
        subscription.cancel();
      }
    }

    private void onInPlace(@Nullable Subscription placed, @Nullable Throwable failure) {
      if (cancelled) {
        if (placed != null) {
          placed.cancel();
        }
      } else if (placed == null) {
        outbound.refuse(
            failure != null ? failure : new IllegalStateException("no subscription, no failure"));
      } else {
        outbound.open();
        subscription = placed;
        // Messages may have come while the transport could not be used yet.
        placed.onReady();
      }
    }
  }
}
