package org.raftbroker.server.grpc;

import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.netty.util.concurrent.EventExecutor;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.concurrent.Executor;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.Progress;
import org.raftbroker.server.delivery.Outbound;
import org.raftbroker.server.membership.Address;

/**
 * The client's end of a subscription: a server stream, one message or one batch of messages a
 * frame. Only touched on the call's event loop.
 */
final class StreamOutbound implements Outbound {
  /** Larger frames gain nothing more: what a frame costs is spread over enough messages. */
  private static final int MAX_BATCH_MESSAGES = 100;

  private static final int MAX_BATCH_BYTES = 64 * 1024;

  private final ServerCall<?, Encoded> call;
  private final EventExecutor loop;
  private final boolean batches;
  private final RequestObserver observer;
  private final MessageTracer tracer;

  private MessageBatchFrame batch = new MessageBatchFrame();
  private boolean open;

  StreamOutbound(
      ServerCall<?, Encoded> call,
      EventExecutor loop,
      boolean batches,
      RequestObserver observer,
      MessageTracer tracer) {
    this.call = call;
    this.loop = loop;
    this.batches = batches;
    this.observer = observer;
    this.tracer = tracer;
  }

  /** Tells the client that the subscription is in place; nothing can be sent before. */
  void open() {
    call.sendHeaders(new Metadata());
    open = true;
  }

  /** The call is over; nothing more is sent. */
  void close() {
    open = false;
  }

  @Override
  public Executor executor() {
    return loop;
  }

  @Override
  public String client() {
    SocketAddress address = call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR);
    if (address instanceof InetSocketAddress internet) {
      return new Address(internet.getHostString(), internet.getPort()).toString();
    }
    return address == null ? "" : address.toString();
  }

  @Override
  public boolean isReady() {
    return open && call.isReady();
  }

  @Override
  public void send(StoredMessage message) {
    send(message.frame());
    tracer.onDelivered(message, this);
  }

  @Override
  public void sendBroadcast(byte[] frame) {
    send(frame);
  }

  @Override
  public void sendProgress(long headId) {
    send(
        MessageResponse.newBuilder()
            .setProgress(Progress.newBuilder().setHeadId(headId))
            .build()
            .toByteArray());
  }

  @Override
  public void flush() {
    if (batch.count() > 0) {
      call.sendMessage(batch);
      batch = new MessageBatchFrame();
    }
  }

  @Override
  public void end(BrokerException reason) {
    if (open) {
      flush();
      refuse(reason);
    }
  }

  /** Ends a call, whether it was opened or not. */
  void refuse(Throwable failure) {
    open = false;
    ErrorStatus.of(failure).end(call, observer);
  }

  private void send(byte[] frame) {
    if (!open) {
      return; // the client is gone, and the subscription is about to learn it
    }
    if (!batches) {
      call.sendMessage(new Frame(frame));
      return;
    }
    if (batch.count() > 0 && batch.size() + frame.length > MAX_BATCH_BYTES) {
      flush();
    }
    batch.add(frame);
    if (batch.count() == MAX_BATCH_MESSAGES) {
      flush();
    }
  }
}
