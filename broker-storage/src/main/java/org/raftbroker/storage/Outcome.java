package org.raftbroker.storage;

import java.util.Arrays;
import java.util.List;

/**
 * What applying one submission answered: the ids that it got. Remembered with the submission's
 * origin, so that a retry gets the same answer.
 */
public final class Outcome {
  /** The submission was not the next of its origin; nothing was changed. */
  public static final Outcome OUT_OF_ORDER = new Outcome(false, new long[0], new int[0]);

  /** A command that gives no ids was applied. */
  public static final Outcome NO_IDS = new Outcome(new long[0], new int[0]);

  private static final int[] NONE = {};

  private final boolean applied;
  private final long[] ids;
  private final int[] keyReused;

  /**
   * @param ids one for each message, or the last reserved one; owned by this object from now on
   * @param keyReused rising positions of the messages that were refused because their key stands
   *     for other content; the id at such a position is the first message's. Owned by this object
   *     from now on
   */
  public Outcome(long[] ids, int[] keyReused) {
    this(true, ids, keyReused);
  }

  private Outcome(boolean applied, long[] ids, int[] keyReused) {
    this.applied = applied;
    this.ids = ids;
    this.keyReused = keyReused;
  }

  /** False for {@link #OUT_OF_ORDER} only. */
  public boolean isApplied() {
    return applied;
  }

  public int size() {
    return ids.length;
  }

  public long id(int position) {
    return ids[position];
  }

  public boolean isKeyReused(int position) {
    return keyReused.length != 0 && Arrays.binarySearch(keyReused, position) >= 0;
  }

  /** The positions whose key was reused, rising. */
  public List<Integer> keyReused() {
    return Arrays.stream(keyReused).boxed().toList();
  }

  /** The part of this outcome that answers {@code count} messages from position {@code from} on. */
  public Outcome slice(int from, int count) {
    if (from == 0 && count == ids.length) {
      return this;
    }
    // Every publish takes its slice, and reused keys are rare.
    int[] reused =
        keyReused.length == 0
            ? NONE
            : Arrays.stream(keyReused)
                .filter(p -> p >= from && p < from + count)
                .map(p -> p - from)
                .toArray();
    return new Outcome(Arrays.copyOfRange(ids, from, from + count), reused);
  }

  /** The outcomes of the parts of one publish, in order, as one. */
  public static Outcome joined(List<Outcome> parts) {
    if (parts.size() == 1) {
      return parts.get(0);
    }
    int size = parts.stream().mapToInt(Outcome::size).sum();
    long[] ids = new long[size];
    int[] reused = new int[parts.stream().mapToInt(part -> part.keyReused.length).sum()];
    int at = 0;
    int reusedAt = 0;
    for (Outcome part : parts) {
      System.arraycopy(part.ids, 0, ids, at, part.size());
      for (int position : part.keyReused) {
        reused[reusedAt++] = at + position;
      }
      at += part.size();
    }
    return new Outcome(ids, reused);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Outcome that
        && applied == that.applied
        && Arrays.equals(ids, that.ids)
        && Arrays.equals(keyReused, that.keyReused);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(ids) + Arrays.hashCode(keyReused);
  }

  @Override
  public String toString() {
    return applied
        ? "ids " + Arrays.toString(ids) + " reused " + Arrays.toString(keyReused)
        : "out of order";
  }
}
