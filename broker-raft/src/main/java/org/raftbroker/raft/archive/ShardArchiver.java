package org.raftbroker.raft.archive;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.raft.command.Command.MarkArchived;
import org.raftbroker.raft.command.Command.MarkRemoved;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.Catalog.ArchiveStep;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.SubjectState;

/**
 * Moves one shard's backlog, oldest first, while this node leads the shard: messages to the
 * archive, then subjects to the catalog, then an entry to the log, upon which every replica drops
 * what was moved. Then it removes from the archive what a purge or a limit left unreadable. Only
 * touched on one thread, which it blocks.
 *
 * <p>It remembers nothing. Where to begin is in the shard's state; what a step writes follows from
 * the log alone and is the same whoever does it and however often, so it may end anywhere, and for
 * a moment two leaders may be at it.
 */
final class ShardArchiver {
  /** What a step came to. */
  enum Result {
    /** Another node leads the shard. */
    NOT_LEADING,
    /** Nothing is to be done now. */
    IDLE,
    /** Everything there was is moved. */
    CAUGHT_UP,
    /** More is waiting. */
    MORE
  }

  /** Subjects from which something is removed in one step. */
  private static final int MAX_REMOVALS = 16;

  /** Bounds what one read of the store holds beside the step's messages. */
  private static final long MAX_READ_BYTES = 1024 * 1024;

  private final ProposingShard shard;
  private final Archive archive;
  private final Catalog catalog;
  private final ShardOpening opening;
  private final ArchiveConfig config;
  private final LongSupplier clockMillis;
  private final ArchiveObserver observer;

  ShardArchiver(
      ProposingShard shard,
      Archive archive,
      Catalog catalog,
      ArchiveConfig config,
      boolean recover,
      LongSupplier clockMillis,
      ArchiveObserver observer) {
    this.shard = shard;
    this.archive = archive;
    this.catalog = catalog;
    this.opening = new ShardOpening(shard, catalog, recover);
    this.config = config;
    this.clockMillis = clockMillis;
    this.observer = observer;
  }

  /**
   * Does one step.
   *
   * @throws ArchiveException if the archive or the catalog does not do its part
   */
  Result step() throws InterruptedException {
    if (!shard.leads()) {
      return Result.NOT_LEADING;
    }
    ArchiveState state = shard.reader().archive();
    if (!state.open()) {
      opening.open();
      return Result.MORE;
    }
    List<BacklogRun> runs = shard.reader().backlog(config.maxStepMessages(), config.maxStepBytes());
    Result moved = runs.isEmpty() ? Result.IDLE : move(state, runs);
    return remove() && moved != Result.NOT_LEADING ? Result.MORE : moved;
  }

  private Result move(ArchiveState state, List<BacklogRun> runs) throws InterruptedException {
    long start = System.nanoTime();
    List<BacklogRun> joined = BacklogRun.joined(runs);
    List<StoredMessage> messages = new ArrayList<>();
    for (BacklogRun run : joined) {
      if (run.messages() > 0 && !read(run, messages)) {
        return Result.MORE;
      }
    }
    write(messages.stream().filter(this::isKept).toList());
    ArchiveStep step = step(state, runs, joined, messages);
    if (shard.reader().archive().archivedIndex() != state.archivedIndex()) {
      return Result.MORE; // another leader did this step, and the sums in ours are not right
    }
    catalog.record(step);
    shard.propose(new MarkArchived(step.upToIndex()));
    long bytes = runs.stream().mapToLong(BacklogRun::bytes).sum();
    observer.onArchived(shard.number(), messages.size(), bytes, System.nanoTime() - start);
    boolean full = messages.size() >= config.maxStepMessages() || bytes >= config.maxStepBytes();
    return full ? Result.MORE : Result.CAUGHT_UP;
  }

  private boolean isKept(StoredMessage message) {
    return message.id() >= shard.reader().firstId(message.subject());
  }

  /** Removes some of what nobody can read from the archive; whether there was something. */
  private boolean remove() throws InterruptedException {
    boolean removed = false;
    for (KnownSubject due : shard.reader().removalsDue(MAX_REMOVALS)) {
      SubjectState state = due.state();
      long fromId = state.kept().removedId() + 1;
      // What is not archived yet may still be written.
      long toId = Math.min(state.firstId() - 1, state.archivedId());
      if (fromId <= toId) {
        boolean isEmptied = state.kept().messages() == 0;
        long upToId =
            await(
                archive.remove(
                    due.subject(), fromId, toId, isEmptied, shard.reader().lastTimeMillis()));
        shard.propose(new MarkRemoved(due.subject(), upToId));
        removed = true;
      }
    }
    return removed;
  }

  /** False if another leader has moved them meanwhile. */
  private boolean read(BacklogRun run, List<StoredMessage> messages) {
    long nextId = run.fromId();
    long bytesLeft = run.bytes();
    while (nextId <= run.toId()) {
      int maxBytes = (int) Math.min(bytesLeft, MAX_READ_BYTES);
      for (StoredMessage message : shard.reader().stored(run.subject(), nextId, maxBytes)) {
        if (message.id() != nextId) {
          break;
        }
        messages.add(message);
        bytesLeft -= message.frame().length;
        nextId++;
        if (nextId > run.toId()) {
          return true;
        }
      }
      if (shard.reader().archivedId(run.subject()) >= nextId) {
        return false;
      }
      List<StoredMessage> next = shard.reader().stored(run.subject(), nextId, 1);
      if (next.isEmpty() || next.get(0).id() != nextId) {
        throw new IllegalStateException(
            "message "
                + nextId
                + " of \""
                + run.subject()
                + "\" is in the backlog but not in the store");
      }
    }
    return true;
  }

  private void write(List<StoredMessage> messages) throws InterruptedException {
    var unused = await(archive.write(messages, clockMillis.getAsLong()));
  }

  private static <T extends @Nullable Object> T await(CompletableFuture<T> answer)
      throws InterruptedException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ArchiveException failure) {
        throw new ArchiveException(String.valueOf(failure.getMessage()), failure);
      }
      throw new IllegalStateException("the archive failed unexpectedly", e.getCause());
    }
  }

  private ArchiveStep step(
      ArchiveState state,
      List<BacklogRun> runs,
      List<BacklogRun> joined,
      List<StoredMessage> messages) {
    Map<Subject, SubjectSums> sums = new LinkedHashMap<>();
    List<ReservedRun> reserved = new ArrayList<>();
    for (BacklogRun run : joined) {
      sums.computeIfAbsent(run.subject(), s -> new SubjectSums()).add(run);
      if (run.isReserved()) {
        reserved.add(reservedUpTo(run));
      }
    }
    for (StoredMessage message : messages) {
      sums.computeIfAbsent(message.subject(), s -> new SubjectSums()).lastMessage = message;
    }
    List<ArchivedSubject> subjects = new ArrayList<>();
    sums.forEach(
        (subject, sum) ->
            subjects.add(sum.addedTo(subject, known(subject), shard.reader().settings(subject))));
    return new ArchiveStep(
        shard.number(),
        state.incarnation(),
        runs.get(runs.size() - 1).logIndex(),
        subjects,
        reserved,
        shard.reader().archive().backlogMessages() - messages.size(),
        clockMillis.getAsLong());
  }

  private SubjectState known(Subject subject) {
    SubjectState state = shard.reader().subject(subject);
    if (state == null) {
      throw new IllegalStateException("\"" + subject + "\" is in the backlog but not in the store");
    }
    return state;
  }

  /** The whole run that this one is the newest part of, so that it stays one row. */
  private ReservedRun reservedUpTo(BacklogRun run) {
    ReservedRun whole = shard.reader().reservedRun(run.subject(), run.fromId());
    return new ReservedRun(
        run.subject(), whole == null ? run.fromId() : whole.fromId(), run.toId());
  }

  /** What a step adds to a subject. */
  private static final class SubjectSums {
    private long upToId;
    private long messages;
    private long bytes;
    private @Nullable StoredMessage lastMessage;

    void add(BacklogRun run) {
      upToId = Math.max(upToId, run.toId());
      messages += run.messages();
      bytes += run.bytes();
    }

    ArchivedSubject addedTo(Subject subject, SubjectState before, SubjectSettings settings) {
      StoredMessage last = lastMessage;
      return new ArchivedSubject(
          subject,
          before.lastId(),
          Math.max(upToId, before.archivedId()),
          last == null ? 0 : last.id(),
          last == null ? 0 : MessageFrame.checksum(last.frame()),
          before.archived().messages() + messages,
          before.archived().bytes() + bytes,
          before.firstId(),
          before.createdAtMillis(),
          settings);
    }
  }
}
