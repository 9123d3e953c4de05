package org.raftbroker.raft.ratis;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.apache.ratis.protocol.ClientId;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.protocol.RaftClientRequest;
import org.apache.ratis.protocol.RaftGroupId;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.protocol.exceptions.RaftException;
import org.apache.ratis.server.DivisionInfo;
import org.apache.ratis.server.RaftServer;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.ReplicatedLog;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/**
 * A shard's log in this node's Ratis server. Entries go straight to the server's own division:
 * Ratis' client would cost half the throughput and a millisecond.
 */
final class RatisLog implements ReplicatedLog {
  private final RaftServer server;
  private final RaftGroupId groupId;
  private final ReplicaProblem problem;
  private final LongSupplier clockMillis;
  private final Executor answers;
  private final ClientId clientId = ClientId.randomId();
  private final AtomicLong nextCall = new AtomicLong();

  // Written under "this" only, from leaderlessMillis(): when it was first seen that there is no
  // leader; 0 while there is one.
  private volatile long leaderlessSinceNanos;

  /**
   * @param answers where barriers and failures complete. Ratis completes them under locks that a
   *     leader needs to step down, and whoever is answered may ask for the next at once, which
   *     takes them, too: on Ratis' own thread that was a deadlock. Entries that are applied
   *     complete on the apply thread, which holds none
   */
  RatisLog(
      RaftServer server,
      RaftGroupId groupId,
      ReplicaProblem problem,
      LongSupplier clockMillis,
      Executor answers) {
    this.server = server;
    this.groupId = groupId;
    this.problem = problem;
    this.clockMillis = clockMillis;
    this.answers = answers;
    this.leaderlessSinceNanos = now();
  }

  @Override
  public CompletableFuture<List<Outcome>> append(List<Submission> submissions) {
    return submit(
            Proposal.of(clockMillis.getAsLong(), submissions), RaftClientRequest.writeRequestType())
        .exceptionallyComposeAsync(CompletableFuture::failedFuture, answers)
        .thenApply(
            message -> {
              if (message instanceof Outcomes outcomes) {
                return outcomes.list();
              }
              throw new IllegalStateException("an entry was applied without outcomes: " + message);
            });
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return submit(Message.EMPTY, RaftClientRequest.readRequestType())
        .handleAsync(
            (done, failure) -> {
              if (failure != null) {
                throw new CompletionException(failure);
              }
              return null;
            },
            answers);
  }

  private CompletableFuture<Message> submit(Message message, RaftClientRequest.Type type) {
    RaftClientRequest request =
        RaftClientRequest.newBuilder()
            .setClientId(clientId)
            .setServerId(server.getId())
            .setGroupId(groupId)
            .setCallId(nextCall.incrementAndGet())
            .setMessage(message)
            .setType(type)
            .build();
    try {
      return server.submitClientRequestAsync(request).thenApply(RatisLog::content);
    } catch (IOException | RuntimeException e) {
      // Whoever submits waits for the answer, and for nothing else.
      return CompletableFuture.failedFuture(e);
    }
  }

  private static Message content(RaftClientReply reply) {
    RaftException refusal = reply.getException();
    if (refusal != null) {
      throw new CompletionException(refusal);
    }
    return reply.getMessage();
  }

  @Override
  public boolean leads() {
    DivisionInfo info = info();
    return info != null && info.isLeaderReady();
  }

  @Override
  public @Nullable String leaderId() {
    DivisionInfo info = info();
    RaftPeerId leader = info == null ? null : info.getLeaderId();
    return leader == null ? null : leader.toString();
  }

  @Override
  public long leaderlessMillis() {
    if (leaderId() != null) {
      leaderlessSinceNanos = 0;
      return 0;
    }
    long since = leaderlessSinceNanos;
    if (since == 0) {
      leaderlessSinceNanos = now();
      return 0;
    }
    return TimeUnit.NANOSECONDS.toMillis(now() - since);
  }

  /** Never 0, which stands for "there is a leader". */
  private static long now() {
    return System.nanoTime() | 1;
  }

  @Override
  public @Nullable String problem() {
    return problem.text();
  }

  /** Null while the replica is not running. */
  private @Nullable DivisionInfo info() {
    try {
      DivisionInfo info = server.getDivision(groupId).getInfo();
      return info.getLifeCycleState().isRunning() ? info : null;
    } catch (IOException e) {
      return null;
    }
  }
}
