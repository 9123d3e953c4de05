package org.raftbroker.systemtests.load;

import java.util.Random;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Acknowledged messages for fetchers to ask for: the newest, and a sample of older ones. Any
 * thread.
 */
final class RecentIds {
  private static final int SIZE = 512;

  /** A message that was acknowledged. */
  record Acknowledged(String subject, long id) {}

  private final AtomicReferenceArray<@Nullable Acknowledged> slots =
      new AtomicReferenceArray<>(SIZE);
  private volatile @Nullable Acknowledged newest;

  void add(String subject, long id) {
    Acknowledged one = new Acknowledged(subject, id);
    newest = one;
    slots.set((int) (id * 31 + subject.hashCode() & SIZE - 1), one);
  }

  /** Every other time the newest: that is the one that a follower may not have yet. */
  @Nullable Acknowledged pick(Random random) {
    return random.nextBoolean() ? newest : slots.get(random.nextInt(SIZE));
  }
}
