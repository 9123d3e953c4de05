package org.raftbroker.client;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;

/**
 * One Subscribe call at one node, read by one thread: what a {@link Subscription} is made of. Asks
 * the transport for more only as frames are taken, so a slow reader slows the node down instead of
 * filling memory.
 */
public final class MessageStream implements AutoCloseable {
  private static final int WINDOW_FRAMES = 512;

  /** Asking for frames one at a time would cost a task on the transport's thread for each. */
  private static final int REFILL_FRAMES = 128;

  private final ClientCall<SubscribeRequest, MessageResponse> call;
  // Bounded by what was asked for: WINDOW_FRAMES and two marks.
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private int takenSinceRefill;
  private boolean inPlace;
  private @Nullable Event peeked;

  private sealed interface Event {}

  private record InPlace() implements Event {}

  private record Frame(MessageResponse message) implements Event {}

  private record End(Status status, Metadata trailers) implements Event {}

  private MessageStream(ClientCall<SubscribeRequest, MessageResponse> call) {
    this.call = call;
  }

  /** Asks; whether the node takes it shows {@link #awaitInPlace}. */
  public static MessageStream open(Channel channel, SubscribeRequest request) {
    ClientCall<SubscribeRequest, MessageResponse> call =
        channel.newCall(BrokerGrpc.getSubscribeMethod(), CallOptions.DEFAULT);
    MessageStream stream = new MessageStream(call);
    call.start(stream.new Listener(), new Metadata());
    call.request(WINDOW_FRAMES);
    call.sendMessage(request);
    call.halfClose();
    return stream;
  }

  /**
   * Waits until the subscription is in place.
   *
   * @throws StatusRuntimeException if it is refused or the timeout passes
   */
  public void awaitInPlace(Duration timeout) throws InterruptedException {
    Event event = events.poll(timeout.toNanos(), TimeUnit.NANOSECONDS);
    if (event == null) {
      throw Status.DEADLINE_EXCEEDED.asRuntimeException();
    }
    if (event instanceof End end) {
      throw end.status.asRuntimeException(end.trailers);
    }
    inPlace = true;
    if (event instanceof Frame) {
      peeked = event;
    }
  }

  /** Whether {@link #take} returns without waiting. */
  public boolean ready() {
    return peeked != null || !events.isEmpty();
  }

  /**
   * Waits for the next frame.
   *
   * @throws StatusRuntimeException when the stream has ended; OK means that the server ended it
   */
  public MessageResponse take() throws InterruptedException {
    if (!inPlace) {
      throw new IllegalStateException("take before awaitInPlace");
    }
    Event event = peeked == null ? events.take() : peeked;
    peeked = null;
    if (event instanceof Frame frame) {
      refill();
      return frame.message;
    }
    if (event instanceof End end) {
      throw end.status.asRuntimeException(end.trailers);
    }
    throw new IllegalStateException("headers came twice");
  }

  @Override
  public void close() {
    call.cancel("the reader has what it wanted", null);
  }

  private void refill() {
    if (++takenSinceRefill == REFILL_FRAMES) {
      call.request(takenSinceRefill);
      takenSinceRefill = 0;
    }
  }

  private final class Listener extends ClientCall.Listener<MessageResponse> {
    @Override
    public void onHeaders(Metadata headers) {
      events.add(new InPlace());
    }

    @Override
    public void onMessage(MessageResponse message) {
      events.add(new Frame(message));
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      events.add(new End(status, trailers));
    }
  }
}
