package org.raftbroker.server.grpc;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.DescribedSubject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.SubjectBounds;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.Outcome;

/** A shard whose publishes wait, as they do without a majority, until they are let go on. */
public final class HeldShard implements Shard {
  private final Shard shard;

  // Guarded by this.
  private final List<Held> held = new ArrayList<>();
  private boolean released;

  private record Held(List<NewMessage> messages, CompletableFuture<Outcome> outcome) {}

  public HeldShard(Shard shard) {
    this.shard = shard;
  }

  public synchronized int heldMessages() {
    return held.stream().mapToInt(h -> h.messages.size()).sum();
  }

  /** Lets everything go on, now and from now on. */
  public synchronized void release() {
    released = true;
    for (Held h : held) {
      var unused =
          shard
              .publish(h.messages)
              .whenComplete(
                  (outcome, failure) -> {
                    if (failure != null) {
                      h.outcome.completeExceptionally(failure);
                    } else {
                      h.outcome.complete(outcome);
                    }
                  });
    }
    held.clear();
  }

  /** Refuses what waits. */
  synchronized void fail(BrokerException refusal) {
    held.forEach(h -> h.outcome.completeExceptionally(refusal));
    held.clear();
  }

  @Override
  public synchronized CompletableFuture<Outcome> publish(List<NewMessage> messages) {
    if (released) {
      return shard.publish(messages);
    }
    CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    held.add(new Held(messages, outcome));
    return outcome;
  }

  @Override
  public int number() {
    return shard.number();
  }

  @Override
  public CompletableFuture<Long> submit(SingleCommand command) {
    return shard.submit(command);
  }

  @Override
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    return shard.describe(subject);
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    return shard.settings(subject);
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    return shard.readSettings(subject);
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    return shard.readArchiveState();
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    return shard.subjects(prefix, afterName, limit);
  }

  @Override
  public @Nullable StoredMessage messageAtHand(Subject subject, long id) {
    return shard.messageAtHand(subject, id);
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    return shard.fetch(subject, id);
  }

  @Override
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    return shard.read(subject, fromId, maxBytes, knownHead);
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
    return shard.bounds(subject, upToDate);
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    return shard.firstIdAtOrAfter(subject, timeMillis);
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    return shard.readBarrier();
  }

  @Override
  public boolean servesHere() {
    return shard.servesHere();
  }

  @Override
  public boolean servesElsewhere() {
    return shard.servesElsewhere();
  }

  @Override
  public boolean isInTouch() {
    return shard.isInTouch();
  }

  @Override
  public long headHere(Subject subject) {
    return shard.headHere(subject);
  }

  @Override
  public ReplicaStatus status() {
    return shard.status();
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    return shard.transferLeadership(toMemberId);
  }
}
