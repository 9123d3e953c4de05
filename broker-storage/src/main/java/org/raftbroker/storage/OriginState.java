package org.raftbroker.storage;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a shard remembers of one origin of submissions: how far it got, and the latest answers.
 *
 * @param lastSequence the highest sequence applied
 * @param lastTimeMillis log time of that
 * @param outcomes by sequence, of the latest {@link #WINDOW} submissions
 */
public record OriginState(
    long lastSequence, long lastTimeMillis, SortedMap<Long, Outcome> outcomes) {
  /** How many submissions an origin may have unanswered at a time. */
  public static final int WINDOW = 8;

  public static final OriginState NEW = new OriginState(0, 0, new TreeMap<>());

  public OriginState {
    outcomes = Collections.unmodifiableSortedMap(outcomes);
  }

  /** This origin after {@code sequence}, the next one, was applied with {@code outcome}. */
  public OriginState applied(long sequence, long timeMillis, Outcome outcome) {
    var latest = new TreeMap<>(outcomes.tailMap(sequence - WINDOW + 1));
    latest.put(sequence, outcome);
    return new OriginState(sequence, timeMillis, latest);
  }

  /** The remembered answer to {@code sequence}; null if it is too long ago. */
  public @Nullable Outcome outcome(long sequence) {
    return outcomes.get(sequence);
  }
}
