package org.raftbroker.server.peer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.peer.ForwardRequest;
import org.raftbroker.proto.peer.ForwardResponse;
import org.raftbroker.raft.ForwardedSubmissions;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/**
 * The receiving end of one peer's forward stream. Submissions enter in the order in which they
 * came; answers go out as they are there. What is under way is bounded by what the sender lets its
 * own clients have pending. Only touched on the event loop.
 */
final class ForwardCall extends ServerCall.Listener<ForwardRequest> {
  private final ServerCall<ForwardRequest, ForwardResponse> call;
  private final EventExecutor loop;
  private final ForwardedSubmissions submissions;
  private long underWay;
  private boolean halfClosed;
  private boolean closed;

  ForwardCall(
      ServerCall<ForwardRequest, ForwardResponse> call,
      EventExecutor loop,
      ForwardedSubmissions submissions) {
    this.call = call;
    this.loop = loop;
    this.submissions = submissions;
  }

  void start() {
    call.sendHeaders(new Metadata());
    call.request(1);
  }

  @Override
  public void onMessage(ForwardRequest request) {
    underWay++;
    var unused =
        submit(request)
            .whenComplete(
                (outcomes, failure) ->
                    loop.execute(() -> answer(response(request.getCall(), outcomes, failure))));
    call.request(1);
  }

  @Override
  public void onHalfClose() {
    halfClosed = true;
    closeIfAnswered();
  }

  @Override
  public void onCancel() {
    closed = true;
  }

  private CompletableFuture<List<Outcome>> submit(ForwardRequest request) {
    try {
      List<Submission> decoded =
          CommandCodec.fromProto(request.getSubmissions().getSubmissionsList());
      return submissions.submit(request.getShard(), decoded);
    } catch (RuntimeException e) {
      // What only a node of another version or configuration sends: it is told, and may read why.
      return CompletableFuture.failedFuture(e);
    }
  }

  private static ForwardResponse response(
      long number, @Nullable List<Outcome> outcomes, @Nullable Throwable failure) {
    ForwardResponse.Builder response = ForwardResponse.newBuilder().setCall(number);
    return outcomes != null
        ? response.setOutcomes(CommandCodec.outcomesToProto(outcomes)).build()
        : response.setRefusal(String.valueOf(failure)).build();
  }

  private void answer(ForwardResponse response) {
    underWay--;
    if (!closed) {
      call.sendMessage(response);
      closeIfAnswered();
    }
  }

  private void closeIfAnswered() {
    if (halfClosed && underWay == 0 && !closed) {
      closed = true;
      call.close(Status.OK, new Metadata());
    }
  }
}
