package org.raftbroker.raft.apply;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Changes.SizeMark;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.SubjectState;

/**
 * Where the limits of subjects, and purges, put their first ids in one entry. Looks at no message:
 * those that go may be in the archive, and there may be millions.
 */
final class SubjectLimits {
  /** How often a subject's size is noted: the step in which its limit in bytes is kept. */
  static final long MARK_BYTES = 64 * 1024;

  private final ShardView view;
  private final Function<Subject, List<ReservedRun>> newRuns;
  private final List<SizeMark> marks = new ArrayList<>();
  private final Set<Subject> moved = new LinkedHashSet<>();

  /**
   * @param newRuns what the entry has reserved of a subject so far: new runs, and those that grew
   */
  SubjectLimits(ShardView view, Function<Subject, List<ReservedRun>> newRuns) {
    this.view = view;
    this.newRuns = newRuns;
  }

  /** Marks that the entry sets. */
  List<SizeMark> marks() {
    return marks;
  }

  /** Subjects whose first id it moves. */
  Set<Subject> moved() {
    return moved;
  }

  void mark(Subject subject, long id, long publishedBytes) {
    marks.add(new SizeMark(subject, id, publishedBytes));
  }

  /**
   * After a message was added.
   *
   * @param bytesBefore of all frames that there were before it
   */
  SubjectState obeyed(
      Subject subject, SubjectSettings limits, SubjectState state, long bytesBefore) {
    long bytes = state.kept().publishedBytes();
    boolean isMarked = bytes / MARK_BYTES != bytesBefore / MARK_BYTES;
    if (isMarked) {
      mark(subject, state.lastId(), bytes);
    }
    SubjectState kept = withoutExcess(subject, limits, state);
    // Between two marks there is nowhere to cut.
    return isMarked ? withinBytes(subject, limits, kept) : kept;
  }

  /** After the limits were changed. */
  SubjectState obeyed(Subject subject, SubjectSettings limits, SubjectState state) {
    return withinBytes(subject, limits, withoutExcess(subject, limits, state));
  }

  /** Without what is up to an id. */
  SubjectState purged(Subject subject, SubjectState state, long upToId) {
    long toId = Math.min(upToId, state.lastId());
    if (toId < state.firstId()) {
      return state;
    }
    moved.add(subject);
    long messages =
        toId == state.lastId()
            ? 0
            : state.kept().messages()
                - (toId - state.firstId() + 1)
                + reservedIds(subject, state.firstId(), toId);
    return state.keptFrom(toId + 1, messages);
  }

  private SubjectState withoutExcess(Subject subject, SubjectSettings limits, SubjectState state) {
    long excess = state.kept().messages() - limits.maxMessages();
    if (limits.maxMessages() == 0 || excess <= 0) {
      return state;
    }
    moved.add(subject);
    long firstId = state.firstId();
    boolean hasReserved = state.lastId() - firstId + 1 > state.kept().messages();
    return state.keptFrom(
        hasReserved ? afterMessages(subject, firstId, excess) : firstId + excess,
        limits.maxMessages());
  }

  /** The id after the first so many messages from an id on. */
  private long afterMessages(Subject subject, long fromId, long messages) {
    long id = fromId;
    long left = messages;
    while (true) {
      ReservedRun run = nextReservedRun(subject, id);
      long before = run == null ? left : Math.max(0, run.fromId() - id);
      if (run == null || before >= left) {
        return id + left;
      }
      left -= before;
      id = run.toId() + 1;
    }
  }

  /** As it was at the last mark after which there is still as much as there may be. */
  private SubjectState withinBytes(Subject subject, SubjectSettings limits, SubjectState state) {
    if (limits.maxBytes() == 0) {
      return state;
    }
    SizeMark mark =
        view.lastSizeMark(
            subject, state.firstId(), state.kept().publishedBytes() - limits.maxBytes());
    return mark == null ? state : purged(subject, state, mark.id());
  }

  /** As {@link ShardView#nextReservedRun}, with what this entry has reserved. */
  private @Nullable ReservedRun nextReservedRun(Subject subject, long fromId) {
    ReservedRun first = view.nextReservedRun(subject, fromId);
    for (ReservedRun run : newRuns.apply(subject)) {
      boolean isNearer = first == null || run.fromId() <= first.fromId();
      if (run.toId() >= fromId && isNearer) {
        first = run;
      }
    }
    return first;
  }

  /** As {@link ShardView#reservedIds}, with what this entry has reserved. */
  private long reservedIds(Subject subject, long fromId, long toId) {
    SubjectState before = view.subject(subject);
    long headBefore = before == null ? 0 : before.lastId();
    long ids = view.reservedIds(subject, fromId, Math.min(toId, headBefore));
    for (ReservedRun run : newRuns.apply(subject)) {
      // A run that grew in this entry began before it.
      long newFrom = Math.max(Math.max(run.fromId(), headBefore + 1), fromId);
      ids += Math.max(0, Math.min(run.toId(), toId) - newFrom + 1);
    }
    return ids;
  }
}
