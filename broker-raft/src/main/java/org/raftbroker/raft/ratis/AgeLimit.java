package org.raftbroker.raft.ratis;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.ReplicatedShard;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardReader.AgingSubject;
import org.raftbroker.storage.StoreException;

/**
 * Purges what is older than its subject's maximum age and does not expire by then, because it was
 * there before that was set. Each call purges what the searches of earlier calls have found, and
 * when these are over, begins some for the next subjects: only the leader's calls have an effect,
 * and where it begins does not matter.
 *
 * <p>Nothing waits for a search: it asks the archive a dozen times and more, one after the other.
 * While the archive is slow or down, old messages stay a little longer.
 *
 * <p>Only touched on the maintenance thread.
 */
final class AgeLimit {
  private static final int SUBJECTS_AT_A_TIME = 20;
  private static final long SEARCH_TIMEOUT_MILLIS = 60_000;
  private static final long PURGE_TIMEOUT_MILLIS = 500;

  private final ReplicatedShard shard;
  private final LongSupplier clockMillis;
  private final Deque<Search> searches = new ArrayDeque<>();
  private long lastNumber;

  /**
   * @param maxAgeSeconds that was looked for; if it is another one by then, this one is for nothing
   * @param firstId of the messages that are not too old
   */
  private record Search(AgingSubject aging, int maxAgeSeconds, CompletableFuture<Long> firstId) {}

  AgeLimit(ReplicatedShard shard, LongSupplier clockMillis) {
    this.shard = shard;
    this.clockMillis = clockMillis;
  }

  void enforce() throws InterruptedException, ExecutionException, TimeoutException {
    while (!searches.isEmpty() && searches.peek().firstId().isDone()) {
      purge(searches.remove());
    }
    if (searches.isEmpty()) {
      searchNext();
    }
  }

  private void searchNext() {
    List<AgingSubject> subjects;
    try {
      subjects = shard.reader().aging(lastNumber, SUBJECTS_AT_A_TIME);
    } catch (StoreException e) {
      return; // not serving: another replica leads by now
    }
    for (AgingSubject aging : subjects) {
      lastNumber = aging.number();
      searches.add(search(aging));
    }
    if (subjects.size() < SUBJECTS_AT_A_TIME) {
      lastNumber = 0;
    }
  }

  private Search search(AgingSubject aging) {
    Subject subject = aging.subject();
    int maxAgeSeconds = shard.reader().settings(subject).maxAgeSeconds();
    long timeMillis = clockMillis.getAsLong() - TimeUnit.SECONDS.toMillis(maxAgeSeconds);
    return new Search(
        aging,
        maxAgeSeconds,
        shard
            .firstIdAtOrAfter(subject, timeMillis)
            .orTimeout(SEARCH_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS));
  }

  private void purge(Search search)
      throws InterruptedException, ExecutionException, TimeoutException {
    ShardReader reader = shard.reader();
    Subject subject = search.aging().subject();
    long firstId = search.firstId().get();
    long keptFrom = reader.firstId(subject);
    boolean isOver = search.aging().upToId() < keptFrom;
    boolean isWanted = reader.settings(subject).maxAgeSeconds() == search.maxAgeSeconds();
    if (isWanted && (firstId > keptFrom || isOver)) {
      var unused =
          shard
              .propose(new PurgeSubject(subject, firstId - 1))
              .get(PURGE_TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}
