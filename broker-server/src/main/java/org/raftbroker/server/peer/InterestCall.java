package org.raftbroker.server.peer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.raftbroker.proto.peer.InterestFrame;
import org.raftbroker.proto.peer.InterestTaken;

/**
 * One peer that tells which subjects it has subscribers of. What it says counts from the end of its
 * first, complete list until the call ends. Only touched on its event loop.
 */
final class InterestCall extends ServerCall.Listener<InterestFrame> {
  private final ServerCall<InterestFrame, InterestTaken> call;
  private final EventExecutor loop;
  private final InterestTable table;
  private final Consumer<InterestCall> onEnd;
  private final Set<Long> hashes = ConcurrentHashMap.newKeySet();
  private String memberId = "";
  private boolean closed;

  InterestCall(
      ServerCall<InterestFrame, InterestTaken> call,
      EventExecutor loop,
      InterestTable table,
      Consumer<InterestCall> onEnd) {
    this.call = call;
    this.loop = loop;
    this.table = table;
    this.onEnd = onEnd;
  }

  void start() {
    call.sendHeaders(new Metadata());
    call.request(1);
  }

  /** Any thread. The peer is sent every broadcast from now on. */
  void end(Status status) {
    loop.execute(() -> close(status));
  }

  private void close(Status status) {
    if (!closed) {
      over();
      call.close(status, new Metadata());
    }
  }

  private void over() {
    closed = true;
    table.forget(memberId, hashes);
    onEnd.accept(this);
  }

  @Override
  public void onMessage(InterestFrame frame) {
    if (closed) {
      return;
    }
    hashes.addAll(frame.getAddedList());
    frame.getRemovedList().forEach(hashes::remove);
    if (frame.getComplete()) {
      memberId = frame.getMemberId();
      table.learn(memberId, hashes);
    }
    call.sendMessage(InterestTaken.newBuilder().setNumber(frame.getNumber()).build());
    call.request(1);
  }

  @Override
  public void onHalfClose() {
    close(Status.OK);
  }

  @Override
  public void onCancel() {
    if (!closed) {
      over();
    }
  }
}
