package org.raftbroker.raft.ratis;

import java.util.List;
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
 * there before that was set. Each call looks at some subjects and goes on from there at the next:
 * only the leader's calls have an effect, and where it begins does not matter.
 *
 * <p>Only touched on the maintenance thread.
 */
final class AgeLimit {
  private static final int SUBJECTS_PER_CALL = 20;

  /** The archive may be asked; while it is slow or down, old messages stay a little longer. */
  private static final long TIMEOUT_MILLIS = 500;

  private final ReplicatedShard shard;
  private final LongSupplier clockMillis;
  private long lastNumber;

  AgeLimit(ReplicatedShard shard, LongSupplier clockMillis) {
    this.shard = shard;
    this.clockMillis = clockMillis;
  }

  void enforce() throws InterruptedException, ExecutionException, TimeoutException {
    List<AgingSubject> subjects = next();
    for (AgingSubject aging : subjects) {
      lastNumber = aging.number();
      enforce(aging);
    }
    if (subjects.size() < SUBJECTS_PER_CALL) {
      lastNumber = 0;
    }
  }

  private List<AgingSubject> next() {
    try {
      return shard.reader().aging(lastNumber, SUBJECTS_PER_CALL);
    } catch (StoreException e) {
      return List.of(); // not serving: another replica leads by now
    }
  }

  private void enforce(AgingSubject aging)
      throws InterruptedException, ExecutionException, TimeoutException {
    ShardReader reader = shard.reader();
    Subject subject = aging.subject();
    long maxAgeMillis = TimeUnit.SECONDS.toMillis(reader.settings(subject).maxAgeSeconds());
    long firstId =
        shard
            .firstIdAtOrAfter(subject, clockMillis.getAsLong() - maxAgeMillis)
            .get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    long keptFrom = reader.firstId(subject);
    boolean isOver = aging.upToId() < keptFrom;
    if (firstId > keptFrom || isOver) {
      var unused =
          shard
              .propose(new PurgeSubject(subject, firstId - 1))
              .get(TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
    }
  }
}
