package org.raftbroker.client;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;

/**
 * Brings messages to a node and their answers back, through one PublishStream call after the other.
 * When one breaks, everything unanswered is sent again on the next, in order; that it happens once
 * is up to the messages' keys. How much may be unanswered is up to the {@link Publisher}.
 *
 * <p>Everything but {@link #send} runs on the client's thread, which owns all state here; what gRPC
 * calls hands over to it.
 */
final class PublishStream {
  private static final int MAX_FRAME_MESSAGES = 256;
  private static final int MAX_FRAME_BYTES = 512 * 1024;
  private static final Duration TICK = Duration.ofMillis(500);

  private final Nodes nodes;
  private final ScheduledExecutorService thread;
  private final Duration attemptTimeout;
  private final ScheduledFuture<?> ticks;

  // What send has taken and the client's thread has not yet.
  private final Queue<PendingPublish> taken = new ConcurrentLinkedQueue<>();
  private final AtomicBoolean drainDue = new AtomicBoolean();

  // In the order in which the call, if there is one, has got them; answers come in that order.
  private final Deque<PendingPublish> unanswered = new ArrayDeque<>();
  private final Rounds rounds;
  private @Nullable Attempt attempt;
  private boolean pausing;
  private long lastProgressNanos;

  PublishStream(Nodes nodes, ScheduledExecutorService thread, Duration attemptTimeout) {
    this.nodes = nodes;
    this.thread = thread;
    this.rounds = new Rounds(nodes);
    this.attemptTimeout = attemptTimeout;
    this.ticks =
        thread.scheduleWithFixedDelay(
            () -> guarded(this::tick), TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Sends it, soon; on any thread. */
  void send(PendingPublish message) {
    taken.add(message);
    if (drainDue.compareAndSet(false, true)) {
      run(this::drain);
    }
  }

  /** Ends the call; what is still unanswered fails. */
  void close() {
    ticks.cancel(false);
    run(
        () -> {
          drainTaken();
          if (attempt != null) {
            attempt.requests.onCompleted();
            attempt = null;
          }
          failAll(closed(null));
        });
  }

  private void drain() {
    drainDue.set(false); // before looking: what comes now asks for another drain
    if (unanswered.isEmpty()) {
      lastProgressNanos = System.nanoTime(); // waiting begins now
    }
    List<PendingPublish> fresh = drainTaken();
    if (attempt == null) {
      open();
    } else {
      attempt.send(fresh);
    }
  }

  private List<PendingPublish> drainTaken() {
    List<PendingPublish> fresh = new ArrayList<>();
    for (PendingPublish next = taken.poll(); next != null; next = taken.poll()) {
      fresh.add(next);
    }
    unanswered.addAll(fresh);
    return fresh;
  }

  private void open() {
    unanswered.removeIf(message -> message.id().isDone()); // given up meanwhile
    if (pausing || unanswered.isEmpty()) {
      return;
    }
    lastProgressNanos = System.nanoTime();
    String node = nodes.current();
    try {
      attempt = new Attempt(node);
    } catch (BrokerClientException e) {
      failAll(closed(e));
      return;
    }
    attempt.send(unanswered);
  }

  private void onResults(Attempt from, PublishStreamResponse response) {
    if (from != attempt) {
      return; // a call that was given up
    }
    lastProgressNanos = System.nanoTime();
    Deque<PendingPublish> elsewhere = new ArrayDeque<>();
    BrokerClientException outage = null;
    for (PublishResult result : response.getResultsList()) {
      PendingPublish message = unanswered.remove();
      if (!result.hasError()) {
        rounds.reset();
        message.id().complete(result.getId());
        continue;
      }
      BrokerClientException refusal = BrokerClientException.of(result.getError(), from.node);
      if (refusal.isOutage()) {
        outage = refusal;
        elsewhere.push(message);
      } else if (refusal.isHarmless()) {
        againUnlessImpatient(message, refusal);
      } else {
        message.id().completeExceptionally(refusal);
      }
    }
    if (outage != null) {
      // This node cannot, another one may; there they go again in the order that they had.
      elsewhere.forEach(unanswered::addFirst);
      from.cancel("the node cannot publish at the moment");
      onBroken(from, outage);
    }
  }

  private void againUnlessImpatient(PendingPublish message, BrokerClientException refusal) {
    Duration wait = rounds.next(refusal);
    if (message.impatient(System.nanoTime() + wait.toNanos())) {
      message.id().completeExceptionally(refusal);
    } else {
      later(() -> send(message), wait);
    }
  }

  private void onBroken(Attempt broken, BrokerClientException why) {
    if (broken != attempt) {
      return;
    }
    attempt = null;
    if (!why.isOutage() && !why.isHarmless()) {
      failAll(why);
      return;
    }
    Duration wait = rounds.next(why);
    if (!wait.isZero()) {
      failImpatient(why, System.nanoTime() + wait.toNanos());
    }
    pausing = true;
    later(this::goOn, wait);
  }

  private void goOn() {
    pausing = false;
    open();
  }

  /** All nodes have failed: who does not want them asked again is told why. */
  private void failImpatient(BrokerClientException why, long nextNanos) {
    for (PendingPublish message : unanswered) {
      if (message.impatient(nextNanos)) {
        message.id().completeExceptionally(why);
      }
    }
  }

  private void failAll(RuntimeException why) {
    unanswered.forEach(message -> message.id().completeExceptionally(why));
    unanswered.clear();
  }

  private void tick() {
    long now = System.nanoTime();
    for (PendingPublish message : unanswered) {
      if (message.late(now)) {
        // It stays in its place, in which its answer may still come.
        message
            .id()
            .completeExceptionally(
                BrokerClientException.timeout(
                    "no answer to a publish on "
                        + message.request().getSubject()
                        + " in time; it may or may not have happened",
                    ""));
      }
    }
    Attempt silent = attempt;
    if (silent != null
        && !unanswered.isEmpty()
        && now - lastProgressNanos > attemptTimeout.toNanos()) {
      silent.cancel("no answer in time");
      onBroken(
          silent,
          BrokerClientException.timeout("no answer from " + silent.node + " in time", silent.node));
    }
  }

  /** Hands over to the client's thread. */
  private void run(Runnable task) {
    try {
      thread.execute(() -> guarded(task));
    } catch (RejectedExecutionException e) {
      // The client is closed. What its thread had was failed then; what came since is here.
      BrokerClientException closed = closed(e);
      for (PendingPublish next = taken.poll(); next != null; next = taken.poll()) {
        next.id().completeExceptionally(closed);
      }
    }
  }

  /** On the client's thread, which may be about to end. */
  private void later(Runnable task, Duration pause) {
    try {
      var unused = thread.schedule(() -> guarded(task), pause.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      failAll(closed(e));
    }
  }

  /** Whoever waits for an answer hears of a defect here, too. */
  private void guarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException e) {
      attempt = null;
      failAll(e);
    }
  }

  private BrokerClientException closed(@Nullable Throwable cause) {
    return BrokerClientException.of(
        Status.CANCELLED
            .withDescription("closed before the answer; it may or may not have happened")
            .withCause(cause)
            .asRuntimeException(),
        nodes.current());
  }

  /** One call at one node. */
  private final class Attempt implements StreamObserver<PublishStreamResponse> {
    private final String node;
    private final StreamObserver<PublishStreamRequest> requests;

    Attempt(String node) {
      this.node = node;
      this.requests = BrokerGrpc.newStub(nodes.channel(node)).publishStream(this);
    }

    void send(Collection<PendingPublish> messages) {
      PublishStreamRequest.Builder frame = PublishStreamRequest.newBuilder();
      int bytes = 0;
      for (PendingPublish message : messages) {
        if (frame.getMessagesCount() == MAX_FRAME_MESSAGES
            || (frame.getMessagesCount() > 0 && bytes + message.bodyBytes() > MAX_FRAME_BYTES)) {
          requests.onNext(frame.build());
          frame.clear();
          bytes = 0;
        }
        frame.addMessages(message.request());
        bytes += message.bodyBytes();
      }
      if (frame.getMessagesCount() > 0) {
        requests.onNext(frame.build());
      }
    }

    void cancel(String why) {
      requests.onError(Status.CANCELLED.withDescription(why).asRuntimeException());
    }

    @Override
    public void onNext(PublishStreamResponse response) {
      run(() -> onResults(this, response));
    }

    @Override
    public void onError(Throwable cause) {
      run(() -> onBroken(this, BrokerClientException.of(cause, node)));
    }

    @Override
    public void onCompleted() {
      onError(Status.UNAVAILABLE.withDescription("the node ended the stream").asRuntimeException());
    }
  }
}
