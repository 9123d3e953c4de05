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
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.command.Command.SingleCommand;
import org.raftbroker.storage.Archive.ArchivedRun;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.SubjectState;

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
  public CompletableFuture<@Nullable SubjectState> describe(Subject subject) {
    return shard.describe(subject);
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    return shard.settings(subject);
  }

  @Override
  public CompletableFuture<List<KnownSubject>> subjects(
      String prefix, String afterName, int limit) {
    return shard.subjects(prefix, afterName, limit);
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    return shard.fetch(subject, id);
  }

  @Override
  public CompletableFuture<ArchivedRun> readArchived(Subject subject, long fromId, int maxBytes) {
    return shard.readArchived(subject, fromId, maxBytes);
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
  public ShardReader reader() {
    return shard.reader();
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
