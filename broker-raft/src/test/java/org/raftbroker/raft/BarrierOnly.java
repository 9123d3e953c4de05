package org.raftbroker.raft;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveState;

/** A replica that only answers whether it is up to date. */
record BarrierOnly(CompletableFuture<Void> readBarrier) implements ReplicaReads {
  @Override
  public CompletableFuture<StoredMessage> fetch(Subject subject, long id) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<MessageRun> read(
      Subject subject, long fromId, int maxBytes, long knownHead) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<SubjectBounds> bounds(Subject subject, boolean upToDate) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long timeMillis) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<@Nullable DescribedSubject> describe(Subject subject) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<List<DescribedSubject>> subjects(
      String prefix, String afterName, int limit) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<SubjectSettings> readSettings(Subject subject) {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }

  @Override
  public CompletableFuture<ArchiveState> readArchiveState() {
    throw new UnsupportedOperationException("only a barrier is asked for");
  }
}
