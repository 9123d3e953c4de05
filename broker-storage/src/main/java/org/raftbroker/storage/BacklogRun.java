package org.raftbroker.storage;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.raftbroker.message.Subject;

/**
 * Neighbouring ids of one subject that one log entry gave out and that are not archived yet: either
 * all of them are messages, or all are reserved. Without ids it says that the entry changed what is
 * known of the subject itself.
 *
 * @param logIndex the entry
 * @param subjectNumber the shard's short name for the subject
 * @param messages how many messages there are: one for each id, or 0
 * @param bytes the size of their frames
 */
public record BacklogRun(
    long logIndex,
    Subject subject,
    long subjectNumber,
    long fromId,
    long toId,
    long messages,
    long bytes) {

  public static BacklogRun message(
      long logIndex, Subject subject, long subjectNumber, long id, int frameBytes) {
    return new BacklogRun(logIndex, subject, subjectNumber, id, id, 1, frameBytes);
  }

  public static BacklogRun reserved(
      long logIndex, Subject subject, long subjectNumber, long fromId, long toId) {
    return new BacklogRun(logIndex, subject, subjectNumber, fromId, toId, 0, 0);
  }

  public static BacklogRun subjectOnly(long logIndex, Subject subject, long subjectNumber) {
    return new BacklogRun(logIndex, subject, subjectNumber, 0, -1, 0, 0);
  }

  /** The same ids in as few runs as can be: a busy subject has a run in every entry. */
  public static List<BacklogRun> joined(List<BacklogRun> runs) {
    List<BacklogRun> joined = new ArrayList<>();
    Map<Long, Integer> lastPlaces = new HashMap<>();
    for (BacklogRun run : runs) {
      Integer last = lastPlaces.get(run.subjectNumber);
      if (last != null && joined.get(last).continuesIn(run)) {
        joined.set(last, joined.get(last).joined(run));
      } else {
        lastPlaces.put(run.subjectNumber, joined.size());
        joined.add(run);
      }
    }
    return joined;
  }

  public long ids() {
    return toId - fromId + 1;
  }

  public boolean isReserved() {
    return messages == 0 && ids() > 0;
  }

  /** Whether {@code next} goes on where this run ends, with ids of the same kind. */
  public boolean continuesIn(BacklogRun next) {
    return subjectNumber == next.subjectNumber
        && toId + 1 == next.fromId
        && isReserved() == next.isReserved();
  }

  /** This run and the one that it continues in, as one. */
  public BacklogRun joined(BacklogRun next) {
    return new BacklogRun(
        next.logIndex,
        subject,
        subjectNumber,
        fromId,
        next.toId,
        messages + next.messages,
        bytes + next.bytes);
  }
}
