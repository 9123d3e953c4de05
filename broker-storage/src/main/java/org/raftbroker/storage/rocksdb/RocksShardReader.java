package org.raftbroker.storage.rocksdb;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.VersionedMap;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/** What a replica has applied, for any thread. */
final class RocksShardReader implements ShardReader {
  private final RocksShardStore store;

  RocksShardReader(RocksShardStore store) {
    this.store = store;
  }

  @Override
  public long head(Subject subject) {
    SubjectState cached = store.subjects.get(subject);
    if (cached != null) {
      return cached.lastId();
    }
    return store.whileOpen(
        () -> {
          SubjectState state = store.state(subject);
          return state == null ? 0L : state.lastId();
        });
  }

  @Override
  public @Nullable StoredMessage message(Subject subject, long id) {
    byte[] frame =
        store.whileOpen(
            () -> {
              SubjectState state = store.state(subject);
              return state == null || id < state.firstId()
                  ? null
                  : store.get(store.messages, Rows.messageKey(state.number(), id));
            });
    return frame == null ? null : message(subject, id, frame);
  }

  @Override
  public @Nullable StoredMessage messageInMemory(Subject subject, long id) {
    SubjectState state = store.subjects.get(subject);
    if (state == null) {
      return NOT_IN_MEMORY;
    }
    if (id < state.firstId()) {
      return null;
    }
    store.open.readLock().lock();
    try {
      store.requireOpen();
      byte[] frame =
          store.db.get(store.messages, store.fromMemory, Rows.messageKey(state.number(), id));
      return frame == null ? null : message(subject, id, frame);
    } catch (RocksDBException e) {
      if (RocksShardStore.isIncomplete(e)) {
        return NOT_IN_MEMORY;
      }
      throw store.failure("read", e);
    } finally {
      store.open.readLock().unlock();
    }
  }

  @Override
  public long archivedId(Subject subject) {
    SubjectState state = subject(subject);
    return state == null ? 0 : state.archivedId();
  }

  @Override
  public long firstId(Subject subject) {
    SubjectState state = subject(subject);
    return state == null ? 1 : state.firstId();
  }

  @Override
  public @Nullable SubjectState subject(Subject subject) {
    SubjectState cached = store.subjects.get(subject);
    return cached != null ? cached : store.whileOpen(() -> store.state(subject));
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    return store.settingsOf(subject);
  }

  @Override
  public List<KnownSubject> subjects(String prefix, String afterName, int limit) {
    byte[] first = Rows.subjectKey(prefix);
    byte[] after = Rows.subjectKey(afterName);
    return store.whileOpen(
        () -> {
          List<KnownSubject> found = new ArrayList<>();
          try (Slice end = new Slice(Rows.afterPrefix(first));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = store.db.newIterator(options)) {
            boolean goesOn = !afterName.isEmpty() && Arrays.compareUnsigned(after, first) >= 0;
            rows.seek(goesOn ? after : first);
            if (goesOn && rows.isValid() && Arrays.equals(rows.key(), after)) {
              rows.next();
            }
            for (; rows.isValid() && found.size() < limit; rows.next()) {
              found.add(
                  new KnownSubject(
                      Subject.accepted(Rows.text(rows.key(), 0)), Rows.subjectState(rows.value())));
            }
            store.check(rows);
          }
          return found;
        });
  }

  @Override
  public List<KnownSubject> removalsDue(int limit) {
    return store.withRemovals(limit);
  }

  @Override
  public List<AgingSubject> aging(long afterNumber, int limit) {
    return store.rowsBySubject(
        Rows.AGING,
        afterNumber,
        limit,
        (number, value) -> new AgingSubject(store.name(number), number, Rows.valueOf(value)));
  }

  @Override
  public long lastTimeMillis() {
    return store.position.timeMillis();
  }

  @Override
  public Changes.@Nullable ReservedRun reservedRun(Subject subject, long id) {
    Changes.ReservedRun next = store.nextReservedRun(subject, id);
    return next != null && next.fromId() <= id ? next : null;
  }

  @Override
  public List<StoredMessage> read(Subject subject, long fromId, int maxBytes) {
    return stored(subject, Math.max(fromId, firstId(subject)), maxBytes);
  }

  @Override
  public List<StoredMessage> stored(Subject subject, long fromId, int maxBytes) {
    return store.whileOpen(
        () -> {
          SubjectState state = store.state(subject);
          if (state == null) {
            return List.of();
          }
          List<StoredMessage> found = new ArrayList<>();
          try (Slice end = new Slice(Rows.after(Rows.MESSAGE, state.number()));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = store.db.newIterator(store.messages, options)) {
            long bytes = 0;
            for (rows.seek(Rows.messageKey(state.number(), fromId));
                rows.isValid() && bytes < maxBytes;
                rows.next()) {
              byte[] frame = rows.value();
              found.add(message(subject, Rows.number(rows.key(), 1), frame));
              bytes += frame.length;
            }
            store.check(rows);
          }
          return found;
        });
  }

  @Override
  public long firstIdAtOrAfter(Subject subject, long timeMillis) {
    return store.whileOpen(
        () -> {
          SubjectState state = store.state(subject);
          if (state == null) {
            return 1L;
          }
          try (Slice end = new Slice(Rows.after(Rows.MESSAGE, state.number()));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = store.db.newIterator(store.messages, options)) {
            // Log time never goes backwards, so it can be searched by halves; a probe lands on
            // the next message that is there.
            long low = state.firstId();
            long high = state.lastId() + 1;
            while (low < high) {
              long middle = low + (high - low) / 2;
              rows.seek(Rows.messageKey(state.number(), middle));
              if (rows.isValid() && MessageFrame.publishedAtMillis(rows.value()) < timeMillis) {
                low = Rows.number(rows.key(), 1) + 1;
              } else {
                store.check(rows);
                high = middle;
              }
            }
            return low;
          }
        });
  }

  @Override
  public VersionedMap clusterMap() {
    return store.clusterMap;
  }

  @Override
  public ArchiveState archive() {
    return store.position.archive();
  }

  @Override
  public List<BacklogRun> backlog(long maxMessages, long maxBytes) {
    return store.backlogRuns(
        new Predicate<>() {
          private long lastIndex;
          private long runMessages;
          private long runBytes;

          @Override
          public boolean test(BacklogRun run) {
            boolean full = runMessages >= maxMessages || runBytes >= maxBytes;
            if (full && run.logIndex() != lastIndex) {
              return false;
            }
            lastIndex = run.logIndex();
            runMessages += run.messages();
            runBytes += run.bytes();
            return true;
          }
        });
  }

  @Override
  public boolean hasRemovable(long nowMillis) {
    // Where there is an archive its archiver removes what nobody can read.
    return store.whileOpen(
        () ->
            isAnyUntil(Rows.EXPIRES, store.nextExpires, nowMillis)
                || isAnyUntil(Rows.FORGETS, store.nextForgets, nowMillis)
                || (!store.position.archive().open() && !removalsDue(1).isEmpty()));
  }

  private boolean isAnyUntil(byte tag, byte[] from, long timeMillis) {
    try (Slice end = new Slice(Rows.numbers(tag, timeMillis + 1));
        ReadOptions options = new ReadOptions().setIterateUpperBound(end);
        RocksIterator rows = store.db.newIterator(options)) {
      rows.seek(from);
      store.check(rows);
      return rows.isValid();
    }
  }

  private StoredMessage message(Subject subject, long id, byte[] frame) {
    return new StoredMessage(subject, id, MessageFrame.expiresAtMillis(frame), frame);
  }
}
