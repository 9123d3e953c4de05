package org.raftbroker.cli;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.client.BrokerClientException;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResult;
import org.raftbroker.proto.PublishStreamRequest;
import org.raftbroker.proto.PublishStreamResponse;

/**
 * Publishes the lines of standard input through PublishStream, in order, with a bounded number
 * unanswered. When the stream breaks and the lines have keys, what is unanswered goes again, in
 * order, to the next server: the keys make that safe. Without keys it gives up and says where it
 * stood. The caller's thread reads and sends; results come on the transport's thread; both meet
 * under this object's lock.
 */
final class LinePublisher {
  private static final int MAX_UNANSWERED_LINES = 4096;
  private static final int MAX_UNANSWERED_BYTES = 8 * 1024 * 1024;
  private static final int MAX_FRAME_LINES = 100;
  private static final int MAX_FRAME_BYTES = 256 * 1024;
  private static final long PAUSE_MILLIS = 200;

  private final Servers servers;
  private final Terminal terminal;
  private final boolean json;
  private final PublishRequest template;
  private final @Nullable String key;
  private final Deque<Line> unanswered = new ArrayDeque<>();
  private int unansweredBytes;
  private long published;
  private long refused;
  private int nextServer;
  private long lastProgressNanos = System.nanoTime();
  private @Nullable Attempt open;

  private record Line(long number, PublishRequest request) {}

  LinePublisher(
      Servers servers,
      Terminal terminal,
      boolean json,
      PublishRequest.Builder template,
      @Nullable String key) {
    this.servers = servers;
    this.terminal = terminal;
    this.json = json;
    this.template = template.build();
    this.key = key;
  }

  /** Publishes all lines; returns the exit code. */
  int run() throws IOException, InterruptedException {
    LineReader lines = new LineReader(terminal.in());
    List<Line> frame = new ArrayList<>();
    int frameBytes = 0;
    long number = 0;
    for (ByteString body = lines.next(); body != null; body = lines.next()) {
      frame.add(new Line(++number, request(number, body)));
      frameBytes += body.size();
      if (frame.size() == MAX_FRAME_LINES || frameBytes >= MAX_FRAME_BYTES || !lines.ready()) {
        awaitRoom(frameBytes);
        send(frame);
        frame.clear();
        frameBytes = 0;
      }
    }
    if (!frame.isEmpty()) {
      awaitRoom(frameBytes);
      send(frame);
    }
    awaitAllAnswered();
    return refused == 0 ? ExitCode.OK : ExitCode.REFUSED;
  }

  private PublishRequest request(long number, ByteString body) {
    PublishRequest.Builder request = template.toBuilder().setBody(body);
    if (key != null) {
      request.setIdempotencyKey(key + "-" + number);
    }
    return request.build();
  }

  private synchronized void send(List<Line> frame) throws InterruptedException {
    if (unanswered.isEmpty()) {
      lastProgressNanos = System.nanoTime(); // waiting begins now
    }
    Attempt stream = usable();
    unanswered.addAll(frame);
    frame.forEach(line -> unansweredBytes += line.request.getBody().size());
    stream.send(frame);
  }

  private synchronized void awaitRoom(int bytes) throws InterruptedException {
    while (unanswered.size() >= MAX_UNANSWERED_LINES
        || (!unanswered.isEmpty() && unansweredBytes + bytes > MAX_UNANSWERED_BYTES)) {
      usable();
      awaitAnswer();
    }
  }

  private synchronized void awaitAllAnswered() throws InterruptedException {
    while (!unanswered.isEmpty()) {
      usable();
      awaitAnswer();
    }
    if (open != null) {
      open.requests().onCompleted();
    }
  }

  /** Waits for a result; none at all for the whole timeout counts as a break. */
  private synchronized void awaitAnswer() throws InterruptedException {
    long waited = System.nanoTime() - lastProgressNanos;
    long left = servers.timeout().toNanos() - waited;
    if (left > 0) {
      TimeUnit.NANOSECONDS.timedWait(this, left);
    } else if (open != null) {
      open.broken(Status.DEADLINE_EXCEEDED.asRuntimeException());
    }
  }

  /** The stream to send on; everything unanswered has been sent on it. */
  private synchronized Attempt usable() throws InterruptedException {
    Attempt stream = open;
    if (stream != null && stream.failure == null) {
      return stream;
    }
    if (stream != null) {
      giveUpUnlessSafe(stream);
      TimeUnit.MILLISECONDS.timedWait(this, PAUSE_MILLIS);
    }
    Attempt fresh = new Attempt(servers.addresses().get(nextServer));
    open = fresh;
    resend(fresh);
    return fresh;
  }

  private void giveUpUnlessSafe(Attempt stream) {
    BrokerClientException cause = stream.failure;
    if (cause == null) {
      return;
    }
    nextServer = (nextServer + 1) % servers.addresses().size();
    boolean unsent = !stream.answered && cause.neverSent();
    Duration since = Duration.ofNanos(System.nanoTime() - lastProgressNanos);
    // Without a key only what surely was not sent may be sent again, and each server is asked once.
    boolean safe =
        key != null
            ? cause.isOutage() && since.compareTo(servers.timeout()) < 0
            : unsent && nextServer > 0;
    if (!safe) {
      Failure failure = Failure.of(cause);
      throw new Failure(
          failure.code(), failure.reason(), failure.text() + where(), failure.exitCode());
    }
  }

  private String where() {
    Line oldest = unanswered.peekFirst();
    Line newest = unanswered.peekLast();
    if (oldest == null || newest == null) {
      return "";
    }
    return "; "
        + published
        + " lines were published, what became of lines "
        + oldest.number
        + " to "
        + newest.number
        + " is not known"
        + (key == null ? "; with --key a repeat is safe" : "; repeat with the same --key");
  }

  private void resend(Attempt stream) {
    List<Line> frame = new ArrayList<>();
    int bytes = 0;
    for (Line line : unanswered) {
      frame.add(line);
      bytes += line.request.getBody().size();
      if (frame.size() == MAX_FRAME_LINES || bytes >= MAX_FRAME_BYTES) {
        stream.send(frame);
        frame.clear();
        bytes = 0;
      }
    }
    if (!frame.isEmpty()) {
      stream.send(frame);
    }
  }

  private synchronized void onResults(Attempt stream, PublishStreamResponse response) {
    if (stream != open) {
      return; // a stream that was given up
    }
    stream.answered = true;
    lastProgressNanos = System.nanoTime();
    for (PublishResult result : response.getResultsList()) {
      Line line = unanswered.remove();
      unansweredBytes -= line.request.getBody().size();
      report(line, result, stream.server);
    }
    terminal.flush();
    notifyAll();
  }

  private void report(Line line, PublishResult result, String server) {
    if (!result.hasError()) {
      published++;
      terminal.line(
          json ? Json.id(template.getSubject(), result.getId()) : Long.toString(result.getId()));
      return;
    }
    refused++;
    Failure failure = Failure.of(BrokerClientException.of(result.getError(), server));
    terminal.note(failure.line() + " in line " + line.number);
  }

  /** One stream to one server. */
  private final class Attempt implements StreamObserver<PublishStreamResponse> {
    private final String server;
    private final StreamObserver<PublishStreamRequest> requests;
    private @Nullable BrokerClientException failure;
    private boolean answered;

    Attempt(String server) {
      this.server = server;
      this.requests = BrokerGrpc.newStub(servers.client().channel(server)).publishStream(this);
    }

    StreamObserver<PublishStreamRequest> requests() {
      return requests;
    }

    void send(List<Line> frame) {
      PublishStreamRequest.Builder request = PublishStreamRequest.newBuilder();
      frame.forEach(line -> request.addMessages(line.request));
      try {
        requests.onNext(request.build());
      } catch (IllegalStateException e) {
        // The call ended between the check and the send; onError says why, or has said.
        broken(Status.UNAVAILABLE.withCause(e).asRuntimeException());
      }
    }

    void broken(Throwable cause) {
      synchronized (LinePublisher.this) {
        if (failure == null) {
          failure = BrokerClientException.of(cause, server);
        }
        LinePublisher.this.notifyAll();
      }
    }

    @Override
    public void onNext(PublishStreamResponse response) {
      onResults(this, response);
    }

    @Override
    public void onError(Throwable cause) {
      broken(cause);
    }

    @Override
    public void onCompleted() {
      broken(
          Status.UNAVAILABLE
              .withDescription("the server ended the stream early")
              .asRuntimeException());
    }
  }
}
