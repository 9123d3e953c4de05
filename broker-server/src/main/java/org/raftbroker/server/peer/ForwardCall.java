package org.raftbroker.server.peer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.peer.ForwardRequest;
import org.raftbroker.proto.peer.ForwardResponse;
import org.raftbroker.raft.ForwardedSubmissions;
import org.raftbroker.raft.NotLeaderException;
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
  private final Consumer<ForwardCall> onEnd;
  private long underWay;
  private @Nullable Status end;
  private boolean closed;

  ForwardCall(
      ServerCall<ForwardRequest, ForwardResponse> call,
      EventExecutor loop,
      ForwardedSubmissions submissions,
      Consumer<ForwardCall> onEnd) {
    this.call = call;
    this.loop = loop;
    this.submissions = submissions;
    this.onEnd = onEnd;
  }

  void start() {
    call.sendHeaders(new Metadata());
    call.request(1);
  }

  @Override
  public void onMessage(ForwardRequest request) {
    if (end != null) {
      return; // closed as soon as the rest is answered
    }
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
    endWhenAnswered(Status.OK);
  }

  /** Any thread. The sender submits again, elsewhere, what comes after this. */
  void end(Status status) {
    loop.execute(() -> endWhenAnswered(status));
  }

  private void endWhenAnswered(Status status) {
    if (end == null) {
      end = status;
    }
    closeIfAnswered();
  }

  @Override
  public void onCancel() {
    closed = true;
    onEnd.accept(this);
  }

  @Override
  public void onComplete() {
    onEnd.accept(this);
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
    if (outcomes != null) {
      return response.setOutcomes(CommandCodec.outcomesToProto(outcomes)).build();
    }
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof NotLeaderException elsewhere) {
      response.setLeaderId(elsewhere.leaderId());
    }
    return response.setRefusal(String.valueOf(cause)).build();
  }

  private void answer(ForwardResponse response) {
    underWay--;
    if (!closed) {
      call.sendMessage(response);
      closeIfAnswered();
    }
  }

  private void closeIfAnswered() {
    if (end != null && underWay == 0 && !closed) {
      closed = true;
      call.close(end, new Metadata());
    }
  }
}
