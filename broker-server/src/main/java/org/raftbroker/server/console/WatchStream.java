package org.raftbroker.server.console;

import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;

/**
 * A subscription as server-sent events: {@code message} for each message, and in the end {@code
 * end} with a reason. A page that reads slowly holds up nothing but itself: while it takes nothing,
 * nothing more is read from the node. One thread, which it keeps until it ends.
 */
final class WatchStream {
  static final String CONTENT_TYPE = "text/event-stream; charset=utf-8";

  /** Told where the stream ended because its time was over: the page goes on from the next id. */
  static final String TIME_OVER = "TIME_OVER";

  /** So often something is sent: a page that is gone is noticed with what is sent after that. */
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  private final BlockingClientCall<SubscribeRequest, MessageResponse> subscription;

  /**
   * @param lifetime after which it ends; short of the time that the HTTP port gives an answer, or
   *     it would be cut
   */
  WatchStream(OwnNode node, String subject, long fromId, Duration lifetime) {
    this.subscription =
        node.subscribe(
            SubscribeRequest.newBuilder().setSubject(subject).setFromId(fromId).build(), lifetime);
  }

  /**
   * Writes until the subscription ends.
   *
   * @throws IOException if the page is gone
   */
  void writeTo(OutputStream out) throws IOException {
    try {
      out.write(": watching\n\n".getBytes(StandardCharsets.UTF_8));
      out.flush();
      String end;
      do {
        end = writeNext(out);
      } while (end == null);
      event(out, "end", end);
    } finally {
      subscription.cancel("nobody watches any more", null);
    }
  }

  /** The end, in JSON; null if it goes on. */
  private @Nullable String writeNext(OutputStream out) throws IOException {
    try {
      MessageResponse message = subscription.read(HEARTBEAT.toMillis(), TimeUnit.MILLISECONDS);
      if (message == null) {
        return new Refusal(503, "ENDED", "the node has ended the subscription").json();
      }
      event(out, "message", Api.shown(message));
      return null;
    } catch (TimeoutException quiet) {
      out.write(":\n\n".getBytes(StandardCharsets.UTF_8));
      out.flush();
      return null;
    } catch (StatusException e) {
      return e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED
          ? new Refusal(503, TIME_OVER, "go on from the next id").json()
          : OwnNode.refusal(e).json();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Refusal(503, "SHUTTING_DOWN", "this node is stopping").json();
    }
  }

  private static void event(OutputStream out, String name, String json) throws IOException {
    out.write(("event: " + name + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
