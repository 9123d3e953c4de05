package org.raftbroker.bench;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.SubscribeRequest;

/**
 * One subscription that resumes after a break and checks that nothing is missed, repeated or out of
 * order. Only touched on the connection's loop.
 */
final class Reader {
  private static final long RESUME_AFTER_MILLIS = 100;

  private final Connection connection;
  private final String subject;
  private final MethodDescriptor<byte[], List<Delivered>> method;
  private final Meter meter;
  private final Listener listener;
  private long lastId;
  private boolean closed;
  private @Nullable ClientCall<byte[], List<Delivered>> call;

  /** Called on the connection's loop. */
  interface Listener {
    /** The subscription is in place. */
    void inPlace();

    void delivered(Delivered message);
  }

  Reader(Connection connection, String subject, boolean batches, Meter meter, Listener listener) {
    this.connection = connection;
    this.subject = subject;
    this.method = batches ? RawMethods.SUBSCRIBE_BATCHES : RawMethods.SUBSCRIBE;
    this.meter = meter;
    this.listener = listener;
  }

  long lastId() {
    return lastId;
  }

  /** Reads from the first id on; the subject must have none yet to be read from "new". */
  void open() {
    if (closed) {
      return;
    }
    ClientCall<byte[], List<Delivered>> opened =
        connection.channel().newCall(method, CallOptions.DEFAULT);
    call = opened;
    opened.start(new Deliveries(opened), new Metadata());
    // Deliveries are handled as they come, on the transport's thread: its window is the bound.
    opened.request(Integer.MAX_VALUE);
    opened.sendMessage(
        SubscribeRequest.newBuilder()
            .setSubject(subject)
            .setFromId(lastId + 1)
            .build()
            .toByteArray());
    opened.halfClose();
  }

  /** Begins again at the first id. */
  void restart() {
    cancel();
    lastId = 0;
    open();
  }

  void close() {
    closed = true;
    cancel();
  }

  private void cancel() {
    ClientCall<byte[], List<Delivered>> running = call;
    call = null;
    if (running != null) {
      running.cancel("the reader has what it wanted", null);
    }
  }

  private void check(Delivered message) {
    if (message.id() <= lastId) {
      meter.violated("deliveries repeated or out of order", 1);
    } else if (message.previousId() != lastId) {
      meter.violated("deliveries missed", message.id() - lastId - 1);
    }
    lastId = message.id();
  }

  @SuppressWarnings("FutureReturnValueIgnored") // a task on our own loop, which outlives it
  private void resume(Status status) {
    if (!closed) {
      meter.failed(status, 1);
      connection.loop().schedule(this::open, RESUME_AFTER_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private final class Deliveries extends ClientCall.Listener<List<Delivered>> {
    private final ClientCall<byte[], List<Delivered>> own;

    Deliveries(ClientCall<byte[], List<Delivered>> own) {
      this.own = own;
    }

    @Override
    public void onHeaders(Metadata headers) {
      listener.inPlace();
    }

    @Override
    public void onMessage(List<Delivered> messages) {
      for (Delivered message : messages) {
        if (call != own) {
          return; // restarted meanwhile: what is left belongs to the run before
        }
        check(message);
        listener.delivered(message);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (call == own) {
        call = null;
        resume(status);
      }
    }
  }
}
