package org.raftbroker.systemtests.load;

import io.grpc.Context;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.raftbroker.proto.MessageBatch;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.history.History;
import org.raftbroker.systemtests.history.Received;

/** Reads a whole subject from one node, by SubscribeBatches from the earliest message on. */
public final class FinalRead {
  private FinalRead() {}

  /**
   * Reads up to the message with id {@code lastId}, however long the node takes to have it, and
   * hands all to the history.
   *
   * @throws IllegalStateException if that takes longer than {@code bound}
   */
  public static void read(
      NodeClient node, String subject, long lastId, Duration bound, History history) {
    SubscribeRequest request =
        SubscribeRequest.newBuilder().setSubject(subject).setFromEarliest(true).build();
    List<Received> messages = new ArrayList<>();
    Context.CancellableContext context = Context.current().withCancellation();
    Context previous = context.attach();
    try {
      Iterator<MessageBatch> batches =
          node.broker(bound).withWaitForReady().subscribeBatches(request);
      long last = 0;
      while (last < lastId && batches.hasNext()) {
        for (MessageResponse message : batches.next().getMessagesList()) {
          messages.add(history.received(message, System.nanoTime()));
          last = Math.max(last, message.getId());
        }
      }
    } catch (StatusRuntimeException e) {
      throw new IllegalStateException(
          "reading "
              + subject
              + " from "
              + node.node()
              + " up to id "
              + lastId
              + " failed after "
              + messages.size()
              + " messages",
          e);
    } finally {
      context.detach(previous);
      context.cancel(null);
    }
    history.finalRead(node.node(), subject, messages);
  }
}
