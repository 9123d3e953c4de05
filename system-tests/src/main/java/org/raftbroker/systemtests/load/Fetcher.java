package org.raftbroker.systemtests.load;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Random;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.FetchCall;
import org.raftbroker.systemtests.history.History;

/** Fetches what was acknowledged, at any node. Runs on a thread of its own. */
final class Fetcher implements Runnable {
  private final Nodes nodes;
  private final RecentIds recent;
  private final Pace pace;
  private final Random random;
  private final History history;
  private final Progress progress;

  Fetcher(
      Nodes nodes, RecentIds recent, Pace pace, Random random, History history, Progress progress) {
    this.nodes = nodes;
    this.recent = recent;
    this.pace = pace;
    this.random = random;
    this.history = history;
    this.progress = progress;
  }

  @Override
  public void run() {
    while (!progress.isStopping()) {
      pace.await();
      RecentIds.Acknowledged wanted = recent.pick(random);
      if (wanted != null) {
        fetch(nodes.at(random.nextInt(nodes.size())), wanted);
      }
    }
  }

  private void fetch(NodeClient node, RecentIds.Acknowledged wanted) {
    long invokedAt = System.nanoTime();
    FetchCall.Answer answer;
    try {
      MessageResponse message =
          node.broker(Retry.CALL_DEADLINE)
              .fetch(
                  FetchRequest.newBuilder()
                      .setSubject(wanted.subject())
                      .setId(wanted.id())
                      .build());
      answer = new FetchCall.Found(history.received(message, System.nanoTime()));
    } catch (StatusRuntimeException e) {
      answer =
          e.getStatus().getCode() == Status.Code.NOT_FOUND
              ? new FetchCall.Absent(reason(e))
              : new FetchCall.Failed(e.getStatus().getCode().name());
    }
    history.fetched(
        new FetchCall(
            node.node(), wanted.subject(), wanted.id(), invokedAt, System.nanoTime(), answer));
  }

  private static String reason(StatusRuntimeException refusal) {
    com.google.rpc.Status status = StatusProto.fromThrowable(refusal);
    if (status != null) {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          try {
            return detail.unpack(ErrorInfo.class).getReason();
          } catch (InvalidProtocolBufferException e) {
            throw new IllegalStateException("the details of a status are not what they say", e);
          }
        }
      }
    }
    return "";
  }
}
