package org.raftbroker.server.peer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.raftbroker.proto.peer.InterestFrame;
import org.raftbroker.proto.peer.InterestTaken;

/**
 * One peer that tells which subjects it has subscribers of. What it says counts from the end of its
 * first, complete list until the call ends. Only touched on its event loop.
 */
final class InterestCall extends ServerCall.Listener<InterestFrame> {
  private final ServerCall<InterestFrame, InterestTaken> call;
  private final InterestTable table;
  private final Set<Long> hashes = ConcurrentHashMap.newKeySet();
  private String memberId = "";

  InterestCall(ServerCall<InterestFrame, InterestTaken> call, InterestTable table) {
    this.call = call;
    this.table = table;
  }

  void start() {
    call.sendHeaders(new Metadata());
    call.request(1);
  }

  @Override
  public void onMessage(InterestFrame frame) {
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
    table.forget(memberId, hashes);
    call.close(Status.OK, new Metadata());
  }

  @Override
  public void onCancel() {
    table.forget(memberId, hashes);
  }
}
