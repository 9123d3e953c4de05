package org.raftbroker.raft;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;

/**
 * A shard's replicas on other nodes: a question goes to the one that answered last, and when it
 * does not answer now, to the next. Who has asked all of them goes round again for a while, because
 * an election or a restart passes. What a replica refuses for a reason of the question's own is the
 * answer. Any thread; nothing blocks.
 */
final class OtherReplicas {
  private static final long PAUSE_MILLIS = 50;

  private final int shard;
  private final String selfId;
  private final ReplicaDirectory directory;
  private final RemoteReplicas remote;
  private final ScheduledExecutorService timer;
  private final long patienceMillis;

  // Who answered last; only a preference, so whoever writes it last wins.
  private volatile @Nullable String preferred;

  /**
   * @param patienceMillis no new round begins after this; the last question may take as long as one
   *     takes beyond it
   */
  OtherReplicas(
      int shard,
      String selfId,
      ReplicaDirectory directory,
      RemoteReplicas remote,
      ScheduledExecutorService timer,
      long patienceMillis) {
    this.shard = shard;
    this.selfId = selfId;
    this.directory = directory;
    this.remote = remote;
    this.timer = timer;
    this.patienceMillis = patienceMillis;
  }

  boolean exist() {
    for (String id : directory.replicas(shard)) {
      if (!id.equals(selfId)) {
        return true;
      }
    }
    return false;
  }

  /** Fails with a {@link BrokerException}. */
  <T extends @Nullable Object> CompletableFuture<T> ask(
      Function<ReplicaReads, CompletableFuture<T>> question) {
    return new Asking<>(question).askNext();
  }

  private List<String> inTurn() {
    List<String> members = new ArrayList<>(directory.replicas(shard));
    members.remove(selfId);
    String first = preferred;
    if (first != null && members.remove(first)) {
      members.add(0, first);
    }
    return members;
  }

  /** One question on its way round. Each step begins when the one before it is over. */
  private final class Asking<T extends @Nullable Object> {
    private final Function<ReplicaReads, CompletableFuture<T>> question;
    private final long deadlineNanos =
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(patienceMillis);
    private List<String> left = inTurn();
    private @Nullable Throwable lastFailure;

    Asking(Function<ReplicaReads, CompletableFuture<T>> question) {
      this.question = question;
    }

    CompletableFuture<T> askNext() {
      if (left.isEmpty()) {
        return System.nanoTime() - deadlineNanos > 0
            ? CompletableFuture.failedFuture(noAnswer())
            : afterPause().thenCompose(over -> askNext());
      }
      String member = left.get(0);
      left = left.subList(1, left.size());
      return ask(member)
          .whenComplete(
              (answer, failure) -> {
                if (failure == null) {
                  preferred = member;
                } else if (member.equals(preferred)) {
                  preferred = null;
                }
              })
          .exceptionallyCompose(this::goOn);
    }

    private CompletableFuture<T> ask(String member) {
      try {
        return question.apply(remote.at(member, shard));
      } catch (RuntimeException e) {
        return CompletableFuture.failedFuture(e); // no way to it: as if it had not answered
      }
    }

    private CompletableFuture<T> goOn(Throwable failure) {
      Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
      if (cause instanceof BrokerException refusal && !isOfTheReplica(refusal.reason())) {
        return CompletableFuture.failedFuture(refusal);
      }
      lastFailure = cause;
      return askNext();
    }

    private CompletableFuture<Void> afterPause() {
      CompletableFuture<Void> over = new CompletableFuture<>();
      try {
        var unused =
            timer.schedule(
                () -> {
                  left = inTurn();
                  return over.complete(null);
                },
                PAUSE_MILLIS,
                TimeUnit.MILLISECONDS);
      } catch (RejectedExecutionException e) {
        over.completeExceptionally(
            new BrokerException(
                Reason.SHUTTING_DOWN, "this node is shutting down; retry at another node"));
      }
      return over;
    }

    private BrokerException noAnswer() {
      Throwable last = lastFailure;
      return new BrokerException(
          Reason.NO_QUORUM,
          "no replica of shard "
              + shard
              + " answered within "
              + patienceMillis
              + " ms, and this node has none that serves; asked "
              + directory.replicas(shard)
              + (last == null ? "" : ", the last one: " + last.getMessage())
              + "; retry later");
    }
  }

  /** Another replica may well answer. */
  private static boolean isOfTheReplica(Reason reason) {
    return reason == Reason.SHARD_STOPPED
        || reason == Reason.SHUTTING_DOWN
        || reason == Reason.NO_QUORUM;
  }
}
