package org.raftbroker.systemtests.load;

import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;
import org.raftbroker.systemtests.history.Attempt;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.Publish;

/**
 * Publishes over one PublishStream at a time, with a bounded number of messages unanswered. When a
 * stream breaks or falls silent it opens another at the next node and first sends again, in order
 * and with their keys, what was not acknowledged. Runs on a thread of its own.
 */
final class StreamPublisher implements Runnable {
  /** Most messages in a request frame. */
  static final int MAX_FRAME = 8;

  private static final int WINDOW = 64;

  private final String name;
  private final String subject;
  private final int home;
  private final Nodes nodes;
  private final Payloads payloads;
  private final Pace pace;
  private final Random random;
  private final History history;
  private final Progress progress;
  private final RecentIds recent;

  StreamPublisher(
      String name,
      String subject,
      int home,
      Nodes nodes,
      Payloads payloads,
      Pace pace,
      Random random,
      History history,
      Progress progress,
      RecentIds recent) {
    this.name = name;
    this.subject = subject;
    this.home = home;
    this.nodes = nodes;
    this.payloads = payloads;
    this.pace = pace;
    this.random = random;
    this.history = history;
    this.progress = progress;
    this.recent = recent;
  }

  @Override
  public void run() {
    List<Publish> toRepeat = List.of();
    long published = 0;
    long giveUpAt = Long.MAX_VALUE;
    for (int streams = 0; !progress.isStopping() || !toRepeat.isEmpty(); streams++) {
      if (toRepeat.isEmpty()) {
        giveUpAt = System.nanoTime() + Retry.GIVE_UP_AFTER.toNanos();
      } else if (System.nanoTime() - giveUpAt > 0) {
        toRepeat.forEach(publish -> progress.givenUp());
        toRepeat = List.of();
        continue;
      } else {
        progress.retried();
        LockSupport.parkNanos(Retry.PAUSE.toNanos());
      }
      Stream stream = new Stream(name + "/stream-" + streams);
      stream.open(home + streams);
      for (int from = 0; from < toRepeat.size(); from += MAX_FRAME) {
        stream.send(toRepeat.subList(from, Math.min(from + MAX_FRAME, toRepeat.size())));
      }
      while (stream.awaitRoom() && !progress.isStopping()) {
        List<Publish> frame = new ArrayList<>();
        for (int i = 1 + random.nextInt(MAX_FRAME); i > 0; i--) {
          pace.await();
          String key = name + "/" + ++published;
          frame.add(history.publish(subject, payloads.next(), key));
        }
        stream.send(frame);
      }
      boolean wasAnswered = stream.awaitEnd();
      toRepeat = stream.unacknowledged();
      if (wasAnswered) {
        giveUpAt = System.nanoTime() + Retry.GIVE_UP_AFTER.toNanos();
      }
    }
  }

  /**
   * One stream. Sent to by the publisher's thread, answered on gRPC's; everything under its lock.
   */
  private final class Stream implements StreamObserver<PublishStreamResponse> {
    private final String streamName;
    private final Deque<Sent> unanswered = new ArrayDeque<>();
    private final List<Publish> failed = new ArrayList<>();
    private @Nullable StreamObserver<PublishStreamRequest> requests;
    private String node = "";
    private long lastAnswerAtNanos = System.nanoTime();
    private boolean answered;
    private boolean ended;

    private record Sent(Publish publish, Attempt attempt) {}

    Stream(String streamName) {
      this.streamName = streamName;
    }

    synchronized void open(int turn) {
      node = nodes.at(turn).node();
      requests = BrokerGrpc.newStub(nodes.at(turn).channel()).publishStream(this);
    }

    synchronized void send(List<Publish> publishes) {
      if (publishes.isEmpty()) {
        return;
      }
      PublishStreamRequest.Builder frame = PublishStreamRequest.newBuilder();
      for (Publish publish : publishes) {
        if (ended) {
          failed.add(publish);
          continue;
        }
        unanswered.add(new Sent(publish, publish.attempt(streamName, System.nanoTime()).at(node)));
        frame.addMessages(
            PublishRequest.newBuilder()
                .setSubject(subject)
                .setBody(publish.body())
                .setIdempotencyKey(String.valueOf(publish.key())));
      }
      if (!ended) {
        open().onNext(frame.build());
      }
    }

    private StreamObserver<PublishStreamRequest> open() {
      if (requests == null) {
        throw new IllegalStateException(streamName + " is not open");
      }
      return requests;
    }

    /**
     * False once the stream has ended, has been silent for too long, or has refused a message: that
     * one goes first.
     */
    synchronized boolean awaitRoom() {
      return awaitAtMost(WINDOW - MAX_FRAME) && !ended && failed.isEmpty();
    }

    /** Half-closes, waits for the answers and says whether there were any. */
    synchronized boolean awaitEnd() {
      if (!ended) {
        open().onCompleted();
        awaitAtMost(0);
      }
      if (!ended) {
        fail(Status.DEADLINE_EXCEEDED);
        open().onError(Status.CANCELLED.asException());
      }
      return answered;
    }

    private boolean awaitAtMost(int count) {
      lastAnswerAtNanos = System.nanoTime();
      while (!ended && unanswered.size() > count) {
        long left = lastAnswerAtNanos + Retry.CALL_DEADLINE.toNanos() - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        try {
          TimeUnit.NANOSECONDS.timedWait(this, left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          return false;
        }
      }
      return true;
    }

    synchronized List<Publish> unacknowledged() {
      return List.copyOf(failed);
    }

    @Override
    public synchronized void onNext(PublishStreamResponse response) {
      if (ended) {
        return;
      }
      long now = System.nanoTime();
      lastAnswerAtNanos = now;
      for (PublishResult result : response.getResultsList()) {
        Sent sent = unanswered.remove();
        if (!result.hasError()) {
          sent.attempt().acknowledged(result.getId(), now);
          progress.acknowledged();
          recent.add(subject, result.getId());
          answered = true;
        } else {
          Status status =
              Status.fromCodeValue(result.getError().getCode())
                  .withDescription(result.getError().getMessage());
          if (Retry.recordAndAskForMore(sent.attempt(), status, now)) {
            failed.add(sent.publish());
          }
        }
      }
      notifyAll();
    }

    @Override
    public synchronized void onError(Throwable failure) {
      fail(Status.fromThrowable(failure));
    }

    @Override
    public synchronized void onCompleted() {
      // An end that leaves messages unanswered is not one that the contract knows.
      fail(Status.UNKNOWN.withDescription("stream completed without answering all"));
    }

    private void fail(Status status) {
      if (ended) {
        return;
      }
      ended = true;
      long now = System.nanoTime();
      for (Sent sent : unanswered) {
        if (Retry.recordAndAskForMore(sent.attempt(), status, now)) {
          failed.add(sent.publish());
        }
      }
      unanswered.clear();
      notifyAll();
    }
  }
}
