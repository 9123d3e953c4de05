package org.raftbroker.server.peer;

import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.netty.util.concurrent.EventExecutor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.log.LogSubmissions;
import org.raftbroker.proto.peer.ForwardRequest;
import org.raftbroker.proto.peer.ForwardResponse;
import org.raftbroker.raft.NotLeaderException;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/**
 * Submissions under way to one peer for one shard. When the stream ends, whatever the reason, all
 * that is unanswered fails, and the stream is of no more use. Any thread; futures are completed
 * outside of the lock.
 */
final class ForwardStream extends ClientCall.Listener<ForwardResponse> {
  private final String peer;
  private final int shard;
  private final ClientCall<ForwardRequest, ForwardResponse> call;
  private final EventExecutor timer;
  private final Duration timeout;

  // Guarded by this.
  private final Map<Long, Unanswered> unanswered = new LinkedHashMap<>();
  private long lastCall;
  private boolean watching;
  private @Nullable PeerException ended;

  private record Unanswered(long sentNanos, CompletableFuture<List<Outcome>> outcomes) {}

  ForwardStream(
      String peer,
      int shard,
      ClientCall<ForwardRequest, ForwardResponse> call,
      EventExecutor timer,
      Duration timeout) {
    this.peer = peer;
    this.shard = shard;
    this.call = call;
    this.timer = timer;
    this.timeout = timeout;
  }

  void start() {
    call.start(this, new Metadata());
    // Answers are small, and no more than there are calls under way: nothing to hold back.
    call.request(Integer.MAX_VALUE);
  }

  synchronized boolean hasEnded() {
    return ended != null;
  }

  /** Calls reach the peer in the order of calling this. */
  CompletableFuture<List<Outcome>> forward(List<Submission> submissions) {
    LogSubmissions encoded = CommandCodec.toProto(submissions);
    CompletableFuture<List<Outcome>> outcomes = new CompletableFuture<>();
    synchronized (this) {
      if (ended != null) {
        return CompletableFuture.failedFuture(ended);
      }
      long number = ++lastCall;
      unanswered.put(number, new Unanswered(System.nanoTime(), outcomes));
      call.sendMessage(
          ForwardRequest.newBuilder()
              .setCall(number)
              .setShard(shard)
              .setSubmissions(encoded)
              .build());
      watch(timeout.toNanos());
    }
    return outcomes;
  }

  /** From now on calls fail at once; those under way fail when the transport has ended them. */
  void cancel(String why) {
    synchronized (this) {
      if (ended == null) {
        // Now, not when the transport says so: a call that is cancelled takes no more messages.
        ended = new PeerException("forwarding to peer " + peer + " ended: " + why);
      }
    }
    call.cancel(why, null);
  }

  @Override
  public void onMessage(ForwardResponse response) {
    Unanswered answered;
    synchronized (this) {
      answered = unanswered.remove(response.getCall());
    }
    if (answered == null) {
      return; // given up already
    }
    if (response.getRefusal().isEmpty()) {
      answered.outcomes.complete(CommandCodec.outcomesFromProto(response.getOutcomes()));
    } else {
      answered.outcomes.completeExceptionally(
          response.getLeaderId().isEmpty()
              ? new PeerException("peer " + peer + " refused: " + response.getRefusal())
              : new NotLeaderException(shard, response.getLeaderId()));
    }
  }

  @Override
  public void onClose(Status status, Metadata trailers) {
    PeerException failure =
        new PeerException(
            "forwarding to peer "
                + peer
                + " ended: "
                + status.getCode()
                + " "
                + status.getDescription());
    List<Unanswered> failed;
    synchronized (this) {
      if (ended == null) {
        ended = failure;
      }
      failed = List.copyOf(unanswered.values());
      unanswered.clear();
    }
    failed.forEach(call -> call.outcomes.completeExceptionally(failure));
  }

  /** One timer for all calls of the stream, and none while nothing is under way. */
  private void watch(long nanos) {
    if (!watching) {
      watching = true;
      var unused = timer.schedule(this::giveUpIfLate, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void giveUpIfLate() {
    synchronized (this) {
      watching = false;
      if (unanswered.isEmpty()) {
        return;
      }
      Unanswered oldest = unanswered.values().iterator().next();
      long left = oldest.sentNanos + timeout.toNanos() - System.nanoTime();
      if (left > 0) {
        watch(left);
        return;
      }
    }
    cancel("no answer within " + timeout.toMillis() + " ms (peers.forwardTimeout)");
  }
}
