package org.raftbroker.bench;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * One PublishStream, opened when there is something to send and again after it broke. Matches
 * results to the messages sent and checks their order. Only touched on the connection's loop.
 */
final class PublishPipe {
  private final Connection connection;
  private final Frames frames;
  private final Subjects subjects;
  private final Meter meter;
  private final Settled settled;
  private final long[] lastIdBySubject;
  private final Queue<Sent> unanswered = new ArrayDeque<>();
  private @Nullable ClientCall<byte[], PublishResults> call;
  private int answeredOfOldest;

  private record Sent(long frame, long intendedNanos) {}

  /** Tells how messages ended. */
  interface Settled {
    void published(long intendedNanos, int messages);

    void failed(Status status, int messages);
  }

  PublishPipe(
      Connection connection, Frames frames, Subjects subjects, Meter meter, Settled settled) {
    this.connection = connection;
    this.frames = frames;
    this.subjects = subjects;
    this.meter = meter;
    this.settled = settled;
    this.lastIdBySubject = new long[subjects.count()];
  }

  /** Sends a frame with the given number; {@code bytes} is what {@code Frames} has for it. */
  void send(long number, byte[] bytes, long intendedNanos) {
    // Before the call begins: it may end while it is started, and must find what it fails.
    unanswered.add(new Sent(number, intendedNanos));
    ClientCall<byte[], PublishResults> open = call == null ? open() : call;
    if (call == open) {
      open.sendMessage(bytes);
    }
  }

  private ClientCall<byte[], PublishResults> open() {
    ClientCall<byte[], PublishResults> opened =
        connection.channel().newCall(RawMethods.PUBLISH_STREAM, CallOptions.DEFAULT);
    call = opened;
    opened.start(new Results(opened), new Metadata());
    // Results are handled as they come, on the transport's thread: its window is the bound.
    opened.request(Integer.MAX_VALUE);
    return opened;
  }

  void close() {
    if (call != null) {
      call.halfClose();
    }
  }

  private void onResults(PublishResults results) {
    int next = 0;
    while (next < results.size()) {
      Sent oldest = unanswered.peek();
      if (oldest == null) {
        meter.violated("results without a request", results.size() - next);
        return;
      }
      int of = Math.min(results.size() - next, frames.size() - answeredOfOldest);
      int published = 0;
      for (int i = 0; i < of; i++) {
        int code = results.codes()[next + i];
        if (code == 0) {
          published++;
          enter(frames.subjectOf(oldest.frame(), answeredOfOldest + i), results.ids()[next + i]);
        } else {
          settled.failed(Subjects.refusal(code), 1);
        }
      }
      next += of;
      answeredOfOldest += of;
      if (answeredOfOldest == frames.size()) {
        answeredOfOldest = 0;
        unanswered.remove();
      }
      if (published > 0) {
        settled.published(oldest.intendedNanos(), published);
      }
    }
  }

  private void enter(int subject, long id) {
    if (id <= lastIdBySubject[subject]) {
      meter.violated("ids not rising in request order", 1);
    }
    lastIdBySubject[subject] = id;
    subjects.acknowledge(subject, id, meter);
  }

  private void onClose(Status status) {
    call = null;
    int lost = unanswered.size() * frames.size() - answeredOfOldest;
    unanswered.clear();
    answeredOfOldest = 0;
    if (lost > 0) {
      // A stream that ends with OK while requests are open has failed them all the same.
      settled.failed(status.isOk() ? Status.DATA_LOSS : status, lost);
    }
  }

  private final class Results extends ClientCall.Listener<PublishResults> {
    private final ClientCall<byte[], PublishResults> own;

    Results(ClientCall<byte[], PublishResults> own) {
      this.own = own;
    }

    @Override
    public void onMessage(PublishResults results) {
      onResults(results);
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (call == own) {
        PublishPipe.this.onClose(status);
      }
    }
  }
}
