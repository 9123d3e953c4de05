package org.raftbroker.server.metrics;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
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

/** A shard of which only the status is real, and counted. */
final class ScriptedShard implements Shard {
  private final ReplicaStatus status;
  private final AtomicInteger asked = new AtomicInteger();

  ScriptedShard(ReplicaStatus status) {
    this.status = status;
  }

  int asked() {
    return asked.get();
  }

  @Override
  public int number() {
    return status.shard();
  }

  @Override
  public ReplicaStatus status() {
    asked.incrementAndGet();
    return status;
  }

  @Override
  public CompletableFuture<Outcome> publish(List<NewMessage> messages) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<Long> submit(SingleCommand command) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<@Nullable SubjectState> describe(Subject subject) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<List<KnownSubject>> subjects(
      String prefix, String afterName, int limit) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<ArchivedRun> readArchived(Subject subject, long fromId, int maxBytes) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<Void> readBarrier() {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public ShardReader reader() {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    throw new UnsupportedOperationException("metrics only look");
  }
}
