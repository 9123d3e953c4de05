package org.raftbroker.cli;

import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.client.MessageStream;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;

/**
 * A subscription that outlives the node it runs on: when a stream ends with UNAVAILABLE it goes on
 * at the next server, from the id after the last one seen. One thread.
 */
final class ResumingSubscription implements AutoCloseable {
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 2000;

  private final Servers servers;
  private final String subject;
  private final StartAt start;
  private final Duration reconnectFor;
  private final Notes notes;
  private long nextId;
  private int server;
  private @Nullable MessageStream stream;

  /** What is worth telling beside the messages. */
  interface Notes {
    void note(String line);
  }

  /**
   * @param reconnectFor how long to look for a server after a break; zero: a break is the end
   */
  ResumingSubscription(
      Servers servers, String subject, StartAt start, Duration reconnectFor, Notes notes) {
    this.servers = servers;
    this.subject = subject;
    this.start = start;
    this.reconnectFor = reconnectFor;
    this.notes = notes;
  }

  /** Opens it at the first server that takes it. */
  void open() throws InterruptedException {
    Failure last = null;
    for (int i = 0; i < servers.addresses().size(); i++) {
      try {
        openHere(start);
        notes.note("subscribed to " + subject + " at " + address());
        return;
      } catch (StatusRuntimeException e) {
        last = Failure.of(e, address());
        if (!goesOn(e)) {
          throw last;
        }
        server = (server + 1) % servers.addresses().size();
      }
    }
    throw last == null ? new IllegalStateException("no server to ask") : last;
  }

  /** Whether {@link #next} returns without waiting. */
  boolean ready() {
    return stream().ready();
  }

  /** Waits for the next message, broadcast or progress frame. */
  MessageResponse next() throws InterruptedException {
    while (true) {
      try {
        MessageResponse frame = stream().take();
        advance(frame);
        return frame;
      } catch (StatusRuntimeException e) {
        resume(e);
      }
    }
  }

  @Override
  public void close() {
    if (stream != null) {
      stream.close();
    }
  }

  private void advance(MessageResponse frame) {
    long seen = frame.hasProgress() ? frame.getProgress().getHeadId() : frame.getId();
    nextId = Math.max(nextId, seen + 1);
  }

  private void resume(StatusRuntimeException broken) throws InterruptedException {
    Failure failure = Failure.of(broken, address());
    if (!goesOn(broken) && !broken.getStatus().isOk()) {
      throw failure;
    }
    if (reconnectFor.isZero()) {
      throw failure;
    }
    long deadline = System.nanoTime() + reconnectFor.toNanos();
    long pause = FIRST_PAUSE_MILLIS;
    notes.note("lost " + address() + ": " + failure.text());
    while (true) {
      for (int i = 0; i < servers.addresses().size(); i++) {
        server = (server + 1) % servers.addresses().size();
        try {
          openHere(resumeAt());
          notes.note("resumed at " + address() + " " + position());
          return;
        } catch (StatusRuntimeException e) {
          failure = Failure.of(e, address());
          if (!goesOn(e)) {
            throw failure;
          }
        }
      }
      if (System.nanoTime() > deadline) {
        throw failure;
      }
      TimeUnit.MILLISECONDS.sleep(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }

  private StartAt resumeAt() {
    return nextId > 0 ? StartAt.id(nextId) : start;
  }

  private String position() {
    if (nextId > 0) {
      return "from id " + nextId;
    }
    return start.kind() == StartAt.Kind.NEW
        ? "from new messages on; the break came before the first message or progress, so messages"
            + " published meanwhile may be missed"
        : "from the same start";
  }

  private void openHere(StartAt at) throws InterruptedException {
    // Progress tells the position of a subscription that has not delivered anything yet.
    SubscribeRequest request = at.request(subject).setProgress(true).build();
    MessageStream opened = MessageStream.open(servers.channel(address()), request);
    try {
      opened.awaitInPlace(servers.timeout());
    } catch (StatusRuntimeException | InterruptedException e) {
      opened.close();
      throw e;
    }
    stream = opened;
  }

  private String address() {
    return servers.addresses().get(server);
  }

  private MessageStream stream() {
    if (stream == null) {
      throw new IllegalStateException("not open");
    }
    return stream;
  }

  private static boolean goesOn(StatusRuntimeException e) {
    return Failure.isOutage(e.getStatus());
  }
}
