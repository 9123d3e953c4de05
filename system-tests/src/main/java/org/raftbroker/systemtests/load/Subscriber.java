package org.raftbroker.systemtests.load;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.SubscriberRecord;
import org.raftbroker.systemtests.history.SubscriberRecord.Begin;

/**
 * One subscriber. It reads with the transport's flow control, at full speed or with a pause after
 * each message; when its stream breaks it either stays broken or resumes at the next node. Called
 * back by gRPC, one call at a time; everything under its lock.
 */
public final class Subscriber implements AutoCloseable {
  private static final int READ_AHEAD = 256;
  private static final Duration RECONNECT_PAUSE = Duration.ofMillis(100);

  private final Nodes nodes;
  private final boolean resuming;
  private final SubscriberRecord record;
  private final History history;
  private final ScheduledExecutorService timer;
  private Duration pause;
  private int turn;
  private @Nullable Connection connection;
  private Status lastEnd = Status.OK;
  private boolean closed;

  private Subscriber(
      Nodes nodes,
      int home,
      boolean resuming,
      Duration pause,
      SubscriberRecord record,
      History history,
      ScheduledExecutorService timer) {
    this.nodes = nodes;
    this.turn = home;
    this.resuming = resuming;
    this.pause = pause;
    this.record = record;
    this.history = history;
    this.timer = timer;
  }

  /** One that stays with a node for as long as the stream lasts. */
  public static Subscriber staying(
      NodeClient node,
      Duration pause,
      SubscriberRecord record,
      History history,
      ScheduledExecutorService timer) {
    Nodes only = new Nodes(List.of(node));
    return new Subscriber(only, 0, false, pause, record, history, timer);
  }

  static Subscriber resuming(
      Nodes nodes,
      int home,
      Duration pause,
      SubscriberRecord record,
      History history,
      ScheduledExecutorService timer) {
    return new Subscriber(nodes, home, true, pause, record, history, timer);
  }

  /** Sends the Subscribe. */
  public synchronized void start() {
    if (closed) {
      return;
    }
    SubscribeRequest.Builder request = SubscribeRequest.newBuilder().setSubject(record.subject());
    if (record.nextId() > 0) {
      request.setFromId(record.nextId());
    } else if (record.begin() instanceof Begin.FromId from) {
      request.setFromId(from.id());
    }
    Connection opened =
        new Connection(
            nodes.at(turn).channel().newCall(BrokerGrpc.getSubscribeMethod(), CallOptions.DEFAULT));
    connection = opened;
    record.asked(System.nanoTime());
    opened.call.start(opened, new Metadata());
    opened.call.request(pause.isZero() ? READ_AHEAD : 1);
    opened.call.sendMessage(request.build());
    opened.call.halfClose();
  }

  public SubscriberRecord record() {
    return record;
  }

  /** Whether the server has confirmed the subscription and not ended it. */
  public synchronized boolean isInPlace() {
    return connection != null && connection.confirmed;
  }

  /** Whether it is connected, or will be again. */
  synchronized boolean isAlive() {
    return !closed && (resuming || connection != null);
  }

  /** How the last stream ended; OK while none has. */
  public synchronized Status lastEnd() {
    return lastEnd;
  }

  /** From now on it reads as fast as it can. */
  public synchronized void speedUp() {
    pause = Duration.ZERO;
    if (connection != null) {
      connection.call.request(READ_AHEAD);
    }
  }

  /** Waits until it was given a message with at least this id; false if that takes too long. */
  public synchronized boolean awaitId(long id, Duration bound) throws InterruptedException {
    long end = System.nanoTime() + bound.toNanos();
    for (long left = bound.toNanos();
        record.nextId() <= id && left > 0;
        left = end - System.nanoTime()) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return record.nextId() > id;
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (connection != null) {
      connection.call.cancel("the subscriber has seen enough", null);
    }
  }

  /** Neither step that is put off fails: a call tells its listener what went wrong with it. */
  private void after(Duration delay, Runnable step) {
    Future<?> unused = timer.schedule(step, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  private final class Connection extends ClientCall.Listener<MessageResponse> {
    private final ClientCall<SubscribeRequest, MessageResponse> call;
    private boolean confirmed;

    Connection(ClientCall<SubscribeRequest, MessageResponse> call) {
      this.call = call;
    }

    @Override
    public void onHeaders(Metadata headers) {
      synchronized (Subscriber.this) {
        confirmed = true;
        record.inPlace(System.nanoTime());
      }
    }

    @Override
    public void onMessage(MessageResponse message) {
      synchronized (Subscriber.this) {
        if (closed) {
          return;
        }
        record.delivered(history.received(message, System.nanoTime()));
        Subscriber.this.notifyAll();
        if (pause.isZero()) {
          call.request(1);
        } else {
          after(pause, () -> call.request(1));
        }
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      synchronized (Subscriber.this) {
        connection = null;
        lastEnd = status;
        if (resuming && !closed) {
          turn++;
          after(RECONNECT_PAUSE, Subscriber.this::start);
        }
      }
    }
  }
}
