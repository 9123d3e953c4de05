package org.raftbroker.server.metrics;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
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
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public @Nullable StoredMessage messageAtHand(Subject subject, long id) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
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
  public boolean servesHere() {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public boolean servesElsewhere() {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public boolean isInTouch() {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public long headHere(Subject subject) {
    throw new UnsupportedOperationException("metrics only look");
  }

  @Override
  public CompletableFuture<String> transferLeadership(@Nullable String toMemberId) {
    throw new UnsupportedOperationException("metrics only look");
  }
}
