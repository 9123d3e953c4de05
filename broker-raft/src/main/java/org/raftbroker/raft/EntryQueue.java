package org.raftbroker.raft;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;

/**
 * The leader's half of group commit: submissions of this and other nodes, waiting to share a log
 * entry. What an entry costs is hand-offs between threads, hardly its bytes; so while one entry is
 * in flight the next one fills, and only a full one may overtake the wait.
 *
 * <p>Any thread. Entries are proposed in the order in which their submissions came.
 */
final class EntryQueue {
  /**
   * Full entries that may be in flight at a time: enough to keep disk and network busy, more would
   * only wait elsewhere.
   */
  private static final int MAX_FULL_IN_FLIGHT = 3;

  private final int shard;
  private final ReplicatedLog log;
  private final CommitObserver observer;
  private final int maxEntryBytes;

  // All guarded by "this".
  private final Deque<Waiting> waiting = new ArrayDeque<>();
  private long waitingBytes;
  private int inFlight;

  EntryQueue(int shard, ReplicatedLog log, CommitObserver observer, int maxEntryBytes) {
    this.shard = shard;
    this.log = log;
    this.observer = observer;
    this.maxEntryBytes = maxEntryBytes;
  }

  /** Fails at once if this node does not lead. */
  CompletableFuture<Outcome> add(Submission submission) {
    if (!log.leads()) {
      return CompletableFuture.failedFuture(
          new IllegalStateException("shard " + shard + " is not led by this node"));
    }
    Waiting added = new Waiting(submission, new CompletableFuture<>());
    List<Proposed> proposed;
    synchronized (this) {
      waiting.add(added);
      waitingBytes += submission.command().weight();
      proposed = proposeWhatMayGo();
    }
    proposed.forEach(this::follow);
    return added.outcome;
  }

  /**
   * Under the lock, so that entries reach the log in order; what they complete is looked at outside
   * of it, because it calls back.
   */
  private List<Proposed> proposeWhatMayGo() {
    List<Proposed> proposed = List.of();
    while (!waiting.isEmpty()
        && (inFlight == 0 || (waitingBytes >= maxEntryBytes && inFlight < MAX_FULL_IN_FLIGHT))) {
      List<Waiting> entry = takeEntry();
      inFlight++;
      if (proposed.isEmpty()) {
        proposed = new ArrayList<>(1);
      }
      proposed.add(
          new Proposed(
              entry,
              System.nanoTime(),
              log.append(entry.stream().map(Waiting::submission).toList())));
    }
    return proposed;
  }

  private void follow(Proposed proposed) {
    var unused =
        proposed.outcomes.whenComplete((outcomes, failure) -> finish(proposed, outcomes, failure));
  }

  private List<Waiting> takeEntry() {
    List<Waiting> entry = new ArrayList<>();
    long bytes = 0;
    for (Waiting next = waiting.peek(); next != null; next = waiting.peek()) {
      int weight = next.submission.command().weight();
      if (!entry.isEmpty() && bytes + weight > maxEntryBytes) {
        break;
      }
      entry.add(waiting.remove());
      bytes += weight;
    }
    waitingBytes -= bytes;
    return entry;
  }

  private void finish(
      Proposed done, @Nullable List<Outcome> outcomes, @Nullable Throwable failure) {
    List<Proposed> proposed;
    synchronized (this) {
      inFlight--;
      proposed = proposeWhatMayGo();
    }
    if (outcomes != null) {
      observe(done);
      for (int i = 0; i < outcomes.size(); i++) {
        done.entry.get(i).outcome.complete(outcomes.get(i));
      }
    } else {
      Throwable cause = failure == null ? new IllegalStateException("no outcomes") : failure;
      done.entry.forEach(one -> one.outcome.completeExceptionally(cause));
    }
    proposed.forEach(this::follow);
  }

  private void observe(Proposed done) {
    int messages = 0;
    int bytes = 0;
    for (Waiting one : done.entry) {
      messages += one.submission.command().messageCount();
      bytes += one.submission.command().weight();
    }
    observer.onCommitted(shard, messages, bytes, System.nanoTime() - done.startNanos);
  }

  private record Waiting(Submission submission, CompletableFuture<Outcome> outcome) {}

  private record Proposed(
      List<Waiting> entry, long startNanos, CompletableFuture<List<Outcome>> outcomes) {}
}
