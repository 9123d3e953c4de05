package org.raftbroker.raft.ratis;

import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.VersionedMap;

/**
 * Reads a replica's store, whichever that is: installing a snapshot puts another one in its place.
 * A read that the change interrupts is made again on the new store.
 */
final class ReplicaReader implements ShardReader {
  private final int shard;
  private final ReplicaProblem problem;
  private volatile @Nullable ShardStore store;

  ReplicaReader(int shard, ReplicaProblem problem) {
    this.shard = shard;
    this.problem = problem;
  }

  /**
   * @param store what is read from now on; null: nothing can be read
   */
  void use(@Nullable ShardStore store) {
    this.store = store;
  }

  @Nullable ShardStore store() {
    return store;
  }

  @Override
  public long head(Subject subject) {
    return read(reader -> reader.head(subject));
  }

  @Override
  public @Nullable StoredMessage message(Subject subject, long id) {
    return read(reader -> reader.message(subject, id));
  }

  @Override
  public @Nullable StoredMessage messageInMemory(Subject subject, long id) {
    return read(reader -> reader.messageInMemory(subject, id));
  }

  @Override
  public long archivedId(Subject subject) {
    return read(reader -> reader.archivedId(subject));
  }

  @Override
  public @Nullable SubjectState subject(Subject subject) {
    return read(reader -> reader.subject(subject));
  }

  @Override
  public Changes.@Nullable ReservedRun reservedRun(Subject subject, long id) {
    return read(reader -> reader.reservedRun(subject, id));
  }

  @Override
  public List<StoredMessage> read(Subject subject, long fromId, int maxBytes) {
    return read(reader -> reader.read(subject, fromId, maxBytes));
  }

  @Override
  public long firstIdAtOrAfter(Subject subject, long timeMillis) {
    return read(reader -> reader.firstIdAtOrAfter(subject, timeMillis));
  }

  @Override
  public ArchiveState archive() {
    return read(ShardReader::archive);
  }

  @Override
  public VersionedMap clusterMap() {
    return read(ShardReader::clusterMap);
  }

  @Override
  public List<BacklogRun> backlog(long maxMessages, long maxBytes) {
    return read(reader -> reader.backlog(maxMessages, maxBytes));
  }

  @Override
  public boolean hasRemovable(long nowMillis) {
    return read(reader -> reader.hasRemovable(nowMillis));
  }

  @Override
  public long firstId(Subject subject) {
    return read(reader -> reader.firstId(subject));
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    return read(reader -> reader.settings(subject));
  }

  @Override
  public List<KnownSubject> subjects(String prefix, String afterName, int limit) {
    return read(reader -> reader.subjects(prefix, afterName, limit));
  }

  @Override
  public List<KnownSubject> removalsDue(int limit) {
    return read(reader -> reader.removalsDue(limit));
  }

  @Override
  public List<AgingSubject> aging(long afterNumber, int limit) {
    return read(reader -> reader.aging(afterNumber, limit));
  }

  @Override
  public long lastTimeMillis() {
    return read(ShardReader::lastTimeMillis);
  }

  @Override
  public List<StoredMessage> stored(Subject subject, long fromId, int maxBytes) {
    return read(reader -> reader.stored(subject, fromId, maxBytes));
  }

  /** How much there is to read now. */
  Extent extent() {
    Extent extent =
        readIfServed(
            current ->
                new Extent(current.diskBytes(), current.subjects(), current.reader().archive()));
    return extent == null ? Extent.NOTHING : extent;
  }

  /** What a store amounts to. */
  record Extent(long diskBytes, long subjects, ArchiveState archive) {
    static final Extent NOTHING = new Extent(0, 0, ArchiveState.NONE);
  }

  private <T extends @Nullable Object> T read(Function<ShardReader, T> action) {
    // A list, as the action's own answer may be null.
    List<T> answer =
        readIfServed(current -> Collections.singletonList(action.apply(current.reader())));
    if (answer == null) {
      String why = problem.text();
      throw new StoreException(
          "shard " + shard + " is not served by this node" + (why == null ? " yet" : ": " + why));
    }
    return answer.get(0);
  }

  private <T> @Nullable T readIfServed(Function<ShardStore, T> action) {
    while (true) {
      ShardStore current = store;
      if (current == null || problem.text() != null) {
        return null;
      }
      try {
        return action.apply(current);
      } catch (StoreException e) {
        if (current == store) {
          throw e;
        }
      }
    }
  }
}
