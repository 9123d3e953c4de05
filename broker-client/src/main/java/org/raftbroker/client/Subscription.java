package org.raftbroker.client;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;

/**
 * The messages of a subject in id order, taken one by one. It outlives the node it runs on: when
 * that goes away, it goes on at the next one from the id after the last one seen, so that nothing
 * is missed and nothing comes twice. Asks for more only as messages are taken, so a slow reader
 * costs neither side memory.
 *
 * <p>One thread takes; any thread may close.
 */
public final class Subscription implements AutoCloseable {
  private final Nodes nodes;
  private final String subject;
  private final StartAt start;
  private final boolean showProgress;
  private final Times times;
  private final Duration resumeFor;
  private final SubscriptionListener listener;
  private long nextId;
  private String node = "";
  private volatile @Nullable MessageStream stream;
  private volatile boolean closed;

  Subscription(Nodes nodes, SubscriptionOptions options, Times times) {
    this.nodes = nodes;
    this.subject = options.subject();
    this.start = options.start();
    this.showProgress = options.progress();
    this.resumeFor = options.resumeFor();
    this.listener = options.listener();
    this.times = times;
  }

  /** Opens it at the first node that takes it; from then on messages of now are in. */
  void open() throws InterruptedException {
    connect(times);
    listener.opened(node);
  }

  /** Whether {@link #next} has something at hand. */
  public boolean ready() {
    MessageStream current = stream;
    return current != null && current.ready();
  }

  /**
   * Waits for the next message or broadcast (its id is 0), or progress frame, if these were asked
   * for.
   *
   * @throws BrokerClientException if the subscription is refused, if no node took it again in time,
   *     or if it was closed ({@code CANCELLED})
   */
  public MessageResponse next() throws InterruptedException {
    while (true) {
      MessageStream current = stream;
      if (current == null || closed) {
        throw closed();
      }
      try {
        MessageResponse frame = current.take();
        advance(frame);
        if (!frame.hasProgress() || showProgress) {
          return frame;
        }
      } catch (StatusRuntimeException e) {
        resume(e);
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    MessageStream current = stream;
    if (current != null) {
      current.close();
    }
  }

  private void advance(MessageResponse frame) {
    long seen = frame.hasProgress() ? frame.getProgress().getHeadId() : frame.getId();
    nextId = Math.max(nextId, seen + 1);
  }

  private void resume(StatusRuntimeException broken) throws InterruptedException {
    if (closed) {
      throw closed();
    }
    BrokerClientException failure = BrokerClientException.of(broken, node);
    boolean ended = broken.getStatus().isOk(); // a node may end a stream; that is no refusal
    if (resumeFor.isZero() || !(ended || failure.isOutage() || failure.isHarmless())) {
      throw failure;
    }
    listener.lost(node, failure);
    nodes.failed(node);
    connect(times.resumingFor(resumeFor));
    listener.resumed(node, nextId);
  }

  private void connect(Times within) throws InterruptedException {
    Search search = new Search(nodes, within);
    while (true) {
      String candidate = nodes.current();
      try {
        openAt(candidate, search.share());
        return;
      } catch (StatusRuntimeException e) {
        BrokerClientException failure = BrokerClientException.of(e, candidate);
        if (closed || !(failure.isOutage() || failure.isHarmless())) {
          throw failure;
        }
        TimeUnit.NANOSECONDS.sleep(search.next(failure).toNanos());
      }
    }
  }

  private void openAt(String candidate, Duration share) throws InterruptedException {
    // Progress tells the position of a subscription that has not delivered anything yet.
    SubscribeRequest.Builder request =
        SubscribeRequest.newBuilder().setSubject(subject).setProgress(true);
    (nextId > 0 ? StartAt.id(nextId) : start).into(request);
    MessageStream opened = MessageStream.open(nodes.channel(candidate), request.build());
    try {
      opened.awaitInPlace(share);
    } catch (StatusRuntimeException | InterruptedException e) {
      opened.close();
      throw e;
    }
    node = candidate;
    stream = opened;
    if (closed) {
      opened.close();
    }
  }

  private BrokerClientException closed() {
    return BrokerClientException.of(
        Status.CANCELLED.withDescription("the subscription is closed").asRuntimeException(), node);
  }
}
