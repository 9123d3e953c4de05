package org.raftbroker.server.grpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishStreamRequest;

/**
 * One publish stream. Frames are published as they come and answered in the order in which they
 * came, those that are answered together in one response. What is unanswered is bounded: past the
 * bound the stream is not read, and the client's transport feels it. An answer that the client does
 * not take counts as unanswered, too.
 */
final class PublishStreamCall extends ServerCall.Listener<Request<PublishStreamRequest>> {
  static final String METHOD = "PublishStream";

  /**
   * Most messages answered in one response, save for a request frame that has more. Some tens of
   * kilobytes.
   */
  private static final int MAX_RESULTS = 4096;

  private final ServerCall<Request<PublishStreamRequest>, Encoded> call;
  private final EventExecutor loop;
  private final Function<List<PublishRequest>, PublishFrame> frames;
  private final LimitsConfig limits;
  private final RequestObserver observer;
  private final Consumer<PublishStreamCall> onClosed;

  /** Set by any thread that answered a frame, so that many of them make one task for the loop. */
  private final AtomicBoolean drainScheduled = new AtomicBoolean();

  // All below is only touched on the event loop.
  private final Queue<PublishFrame> unanswered = new ArrayDeque<>();
  private long unansweredBytes;
  private int unansweredMessages;
  private boolean reading;
  private boolean halfClosed;
  private boolean closed;
  private @Nullable BrokerException ending;

  PublishStreamCall(
      ServerCall<Request<PublishStreamRequest>, Encoded> call,
      EventExecutor loop,
      Function<List<PublishRequest>, PublishFrame> frames,
      LimitsConfig limits,
      RequestObserver observer,
      Consumer<PublishStreamCall> onClosed) {
    this.call = call;
    this.loop = loop;
    this.frames = frames;
    this.limits = limits;
    this.observer = observer;
    this.onClosed = onClosed;
  }

  void start() {
    call.sendHeaders(new Metadata());
    readOn();
  }

  /** Reads no further, answers what was read, then closes with {@code reason}. Any thread. */
  void end(BrokerException reason) {
    loop.execute(() -> endHere(reason));
  }

  @Override
  public void onMessage(Request<PublishStreamRequest> request) {
    reading = false;
    if (closed || ending != null) {
      return;
    }
    PublishFrame frame;
    try {
      frame = frames.apply(request.message().getMessagesList());
    } catch (BrokerException refusal) {
      // The frame as a whole breaks the contract, so there is no message to answer in place.
      endHere(refusal);
      return;
    }
    unanswered.add(frame);
    unansweredBytes += frame.weight();
    unansweredMessages += frame.messages();
    frame.publish(this::onAnswered);
    readOn();
  }

  @Override
  public void onHalfClose() {
    halfClosed = true;
    closeIfAnswered();
  }

  @Override
  public void onReady() {
    drain();
  }

  @Override
  public void onCancel() {
    // What was handed to the shards is published all the same; nobody is left to be told.
    unanswered.clear();
    closed = true;
    onClosed.accept(this);
  }

  @Override
  public void onComplete() {
    onClosed.accept(this);
  }

  /** Any thread. */
  private void onAnswered() {
    if (drainScheduled.compareAndSet(false, true)) {
      loop.execute(this::scheduledDrain);
    }
  }

  private void scheduledDrain() {
    // Before looking: a frame answered after the look makes a task of its own.
    drainScheduled.set(false);
    drain();
  }

  private void drain() {
    while (!closed && call.isReady()) {
      List<PublishFrame> answered = takeAnswered();
      if (answered.isEmpty()) {
        break;
      }
      PublishResults results = new PublishResults(answered);
      call.sendMessage(results);
      results.observe(observer, METHOD);
    }
    readOn();
    closeIfAnswered();
  }

  private List<PublishFrame> takeAnswered() {
    List<PublishFrame> answered = new ArrayList<>();
    int results = 0;
    for (PublishFrame next = unanswered.peek();
        next != null
            && next.isAnswered()
            && (results == 0 || results + next.messages() <= MAX_RESULTS);
        next = unanswered.peek()) {
      unanswered.remove();
      results += next.messages();
      unansweredBytes -= next.weight();
      unansweredMessages -= next.messages();
      answered.add(next);
    }
    return answered;
  }

  private void readOn() {
    if (!reading
        && !closed
        && !halfClosed
        && ending == null
        && unansweredBytes < limits.maxUnansweredBytes()
        && unansweredMessages < limits.maxUnansweredMessages()) {
      reading = true;
      call.request(1);
    }
  }

  private void endHere(BrokerException reason) {
    if (ending == null) {
      ending = reason;
    }
    closeIfAnswered();
  }

  private void closeIfAnswered() {
    if (closed || !unanswered.isEmpty()) {
      return;
    }
    if (ending != null) {
      closed = true;
      ErrorStatus.of(ending).end(call, observer);
    } else if (halfClosed) {
      closed = true;
      call.close(Status.OK, new Metadata());
    }
  }
}
