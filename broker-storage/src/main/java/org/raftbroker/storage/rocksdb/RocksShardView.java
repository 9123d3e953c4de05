package org.raftbroker.storage.rocksdb;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.KeyState;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.VersionedMap;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;

/** The state of a shard as the next entry finds it. Only used on the apply thread. */
final class RocksShardView implements ShardView {
  private final RocksShardStore store;

  RocksShardView(RocksShardStore store) {
    this.store = store;
  }

  @Override
  public long lastTimeMillis() {
    return store.position.timeMillis();
  }

  @Override
  public long lastSubjectNumber() {
    return store.position.lastSubjectNumber();
  }

  @Override
  public @Nullable SubjectState subject(Subject subject) {
    return store.state(subject);
  }

  @Override
  public Map<Long, OriginState> origins() {
    return Collections.unmodifiableMap(store.origins);
  }

  @Override
  public @Nullable KeyState key(Subject subject, String key, long nowMillis) {
    SubjectState state = store.state(subject);
    byte[] value = state == null ? null : store.get(Rows.keyKey(state.number(), key));
    KeyState known = value == null ? null : Rows.keyState(value);
    return known == null || known.forgottenAtMillis() <= nowMillis ? null : known;
  }

  @Override
  public List<ExpiringMessage> expiredMessages(long nowMillis, int limit) {
    Map<Long, Subject> names = new HashMap<>();
    return rowsUntil(
        Rows.EXPIRES,
        store.nextExpires,
        nowMillis,
        limit,
        (key, value) -> {
          long number = Rows.number(key, 1);
          return new ExpiringMessage(
              names.computeIfAbsent(number, store::name),
              number,
              Rows.number(key, 2),
              Rows.number(key, 0),
              ByteBuffer.wrap(value).getInt());
        });
  }

  @Override
  public List<ExpiringKey> expiredKeys(long nowMillis, int limit) {
    return rowsUntil(
        Rows.FORGETS,
        store.nextForgets,
        nowMillis,
        limit,
        (key, value) ->
            new ExpiringKey(Rows.number(key, 1), Rows.text(key, 2), Rows.number(key, 0)));
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
  public List<BacklogRun> backlog(long upToIndex) {
    return store.backlogRuns(run -> run.logIndex() <= upToIndex);
  }

  @Override
  public SubjectSettings settings(Subject subject) {
    return store.settingsOf(subject);
  }

  @Override
  public Changes.@Nullable ReservedRun nextReservedRun(Subject subject, long fromId) {
    return store.nextReservedRun(subject, fromId);
  }

  @Override
  public long reservedIds(Subject subject, long fromId, long toId) {
    long[] ids = {0};
    store.forEachReservedRun(
        subject,
        fromId,
        run -> {
          ids[0] += Math.max(0, Math.min(toId, run.toId()) - Math.max(fromId, run.fromId()) + 1);
          return run.toId() < toId;
        });
    return ids[0];
  }

  @Override
  public Changes.@Nullable SizeMark lastSizeMark(
      Subject subject, long fromId, long maxPublishedBytes) {
    SubjectState state = store.state(subject);
    if (state == null) {
      return null;
    }
    return store.whileOpen(() -> lastSizeMark(subject, state.number(), fromId, maxPublishedBytes));
  }

  private Changes.@Nullable SizeMark lastSizeMark(
      Subject subject, long number, long fromId, long maxPublishedBytes) {
    Changes.SizeMark last = null;
    try (Slice end = new Slice(Rows.after(Rows.SIZE_MARK, number));
        ReadOptions options = new ReadOptions().setIterateUpperBound(end);
        RocksIterator rows = store.db.newIterator(options)) {
      for (rows.seek(Rows.numbers(Rows.SIZE_MARK, number, fromId));
          rows.isValid() && Rows.valueOf(rows.value()) <= maxPublishedBytes;
          rows.next()) {
        last =
            new Changes.SizeMark(subject, Rows.number(rows.key(), 1), Rows.valueOf(rows.value()));
      }
      store.check(rows);
    }
    return last;
  }

  @Override
  public List<Changes.RemovedRun> unreadable(int maxMessages, long maxBytes) {
    List<Changes.RemovedRun> runs = new ArrayList<>();
    long messagesLeft = maxMessages;
    long bytesLeft = maxBytes;
    for (KnownSubject known : store.withRemovals(maxMessages)) {
      if (messagesLeft <= 0 || bytesLeft <= 0) {
        break;
      }
      Changes.RemovedRun run = unreadable(known, messagesLeft, bytesLeft);
      messagesLeft -= Math.max(1, run.messages());
      bytesLeft -= run.bytes();
      runs.add(run);
    }
    return runs;
  }

  private Changes.RemovedRun unreadable(KnownSubject known, long maxMessages, long maxBytes) {
    return store.whileOpen(
        () -> {
          long number = known.state().number();
          long fromId = known.state().kept().removedId() + 1;
          long toId = known.state().firstId() - 1;
          long found = 0;
          long bytes = 0;
          try (Slice end = new Slice(Rows.messageKey(number, toId + 1));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = store.db.newIterator(store.messages, options)) {
            for (rows.seek(Rows.messageKey(number, fromId)); rows.isValid(); rows.next()) {
              if (found == maxMessages || bytes >= maxBytes) {
                toId = Rows.number(rows.key(), 1) - 1;
                break;
              }
              found++;
              bytes += rows.value().length;
            }
            store.check(rows);
          }
          return new Changes.RemovedRun(known.subject(), number, fromId, toId, found, bytes);
        });
  }

  @Override
  public long agingId(Subject subject) {
    SubjectState state = store.state(subject);
    byte[] value = state == null ? null : store.get(Rows.numbers(Rows.AGING, state.number()));
    return value == null ? 0 : Rows.valueOf(value);
  }

  private <T> List<T> rowsUntil(
      byte tag, byte[] from, long timeMillis, int limit, BiFunction<byte[], byte[], T> row) {
    return store.whileOpen(
        () -> {
          List<T> found = new ArrayList<>();
          try (Slice end = new Slice(Rows.numbers(tag, timeMillis + 1));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = store.db.newIterator(options)) {
            for (rows.seek(from); rows.isValid() && found.size() < limit; rows.next()) {
              found.add(row.apply(rows.key(), rows.value()));
            }
            store.check(rows);
          }
          return found;
        });
  }
}
