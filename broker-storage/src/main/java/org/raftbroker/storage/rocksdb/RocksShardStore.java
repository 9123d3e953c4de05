package org.raftbroker.storage.rocksdb;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardReader.KnownSubject;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.SubjectState;
import org.raftbroker.storage.VersionedMap;
import org.raftbroker.storage.rocksdb.Rows.OriginRow;
import org.raftbroker.storage.rocksdb.Rows.Position;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.FlushOptions;
import org.rocksdb.ReadOptions;
import org.rocksdb.ReadTier;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.Status;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * A shard in a RocksDB of its own; {@link Rows} says how. One write batch an entry, without
 * RocksDB's own log.
 *
 * <p>Written by one thread, the shard's apply thread, which also owns {@link #view()}; read by any.
 */
public final class RocksShardStore implements ShardStore {
  /** Bounds the memory for states of subjects, about 200 bytes each. */
  private static final int MAX_CACHED_SUBJECTS = 65_536;

  /**
   * Fewer messages are deleted one by one. A range costs every read of its files a look, but is one
   * row for as many messages as an archiver moves at a time.
   */
  private static final int MIN_RANGE_MESSAGES = 16;

  /** Room comes when a file is written or merged, which takes far longer. */
  private static final long ROOM_POLL_NANOS = 1_000_000;

  final RocksDB db;
  private final List<ColumnFamilyHandle> families;
  final ColumnFamilyHandle messages;
  private final Path directory;
  private final WriteOptions noWal = new WriteOptions().setDisableWAL(true).setNoSlowdown(true);
  final ReadOptions fromMemory = new ReadOptions().setReadTier(ReadTier.BLOCK_CACHE_TIER);
  private final RocksShardView view = new RocksShardView(this);
  private final RocksShardReader reader = new RocksShardReader(this);

  // Held shared by all who touch native memory, which must not go away under them.
  final ReentrantReadWriteLock open = new ReentrantReadWriteLock();
  private boolean closed;

  // Filled by the apply thread only, so a reader can never put an old state over a new one.
  final Map<Subject, SubjectState> subjects = new ConcurrentHashMap<>();
  final Map<Long, OriginState> origins = new HashMap<>();

  // Of the subjects that have any. Filled when the store is opened, then by the apply thread.
  private final Map<Subject, SubjectSettings> settings = new ConcurrentHashMap<>();

  // Where to look for what expires next: all before has been removed, and what comes is never
  // older. From the start of the table each look would step over every row removed so far.
  volatile byte[] nextExpires = {Rows.EXPIRES};
  volatile byte[] nextForgets = {Rows.FORGETS};

  volatile Position position;
  volatile VersionedMap clusterMap;
  private boolean failed;

  /**
   * @param families of the database: the default one, and the messages'
   */
  RocksShardStore(RocksDB db, List<ColumnFamilyHandle> families, Path directory)
      throws RocksDBException {
    this.db = db;
    this.families = List.copyOf(families);
    this.messages = families.get(1);
    this.directory = directory;
    byte[] value = db.get(Rows.positionKey());
    this.position = value == null ? Position.START : Position.of(value);
    byte[] map = db.get(Rows.clusterMapKey());
    this.clusterMap = map == null ? VersionedMap.NONE : Rows.clusterMap(map);
    loadOrigins();
    loadSettings();
  }

  @Override
  public ShardView view() {
    return view;
  }

  @Override
  public ShardReader reader() {
    return reader;
  }

  @Override
  public long appliedIndex() {
    return position.logIndex();
  }

  @Override
  public long appliedTerm() {
    return position.term();
  }

  @Override
  public void write(Changes changes) {
    if (failed) {
      throw new StoreException(
          "the store in " + directory + " failed before and takes no more writes");
    }
    if (changes.logIndex() <= appliedIndex()) {
      throw new IllegalStateException(
          "log entry " + changes.logIndex() + " is applied already, up to " + appliedIndex());
    }
    announceArchived(changes);
    whileOpen(
        () -> {
          put(changes);
          return changes;
        });
    passOver(changes.expiredMessages(), changes.expiredKeys());
    if (subjects.size() > MAX_CACHED_SUBJECTS) {
      subjects.clear();
    }
    // Before the states: whoever sees a message also sees the settings under which it came.
    changes.retention().settings().forEach(this::remember);
    subjects.putAll(changes.subjects());
    changes.forgottenOrigins().forEach(origins::remove);
    origins.putAll(changes.origins());
    VersionedMap replaced = changes.clusterMap();
    if (replaced != null) {
      clusterMap = replaced;
    }
  }

  private void remember(Subject subject, SubjectSettings changed) {
    if (changed.equals(SubjectSettings.DEFAULT)) {
      settings.remove(subject);
    } else {
      settings.put(subject, changed);
    }
  }

  /**
   * Before the messages leave: a reader that finds one gone must not be told that the store should
   * have it. All else that is new in a subject's state is told after the write.
   */
  private void announceArchived(Changes changes) {
    for (BacklogRun run : changes.archived()) {
      subjects.computeIfPresent(
          run.subject(), (subject, state) -> state.withArchivedId(run.toId()));
    }
  }

  private void passOver(
      List<ShardView.ExpiringMessage> removedMessages, List<ShardView.ExpiringKey> removedKeys) {
    if (!removedMessages.isEmpty()) {
      ShardView.ExpiringMessage last = removedMessages.get(removedMessages.size() - 1);
      nextExpires = Rows.expiresKey(last.expiresAtMillis(), last.subjectNumber(), last.id());
    }
    if (!removedKeys.isEmpty()) {
      ShardView.ExpiringKey last = removedKeys.get(removedKeys.size() - 1);
      nextForgets = Rows.forgetsKey(last.forgottenAtMillis(), last.subjectNumber(), last.key());
    }
  }

  private void put(Changes changes) {
    long lastNumber = position.lastSubjectNumber();
    try (WriteBatch batch = new WriteBatch()) {
      for (Map.Entry<Subject, SubjectState> entry : changes.subjects().entrySet()) {
        SubjectState state = entry.getValue();
        batch.put(Rows.subjectKey(entry.getKey()), Rows.subjectValue(state));
        if (state.number() > position.lastSubjectNumber()) {
          batch.put(Rows.nameKey(state.number()), entry.getKey().utf8());
          lastNumber = Math.max(lastNumber, state.number());
        }
      }
      for (StoredMessage message : changes.messages()) {
        long number = numberIn(changes, message.subject());
        batch.put(messages, Rows.messageKey(number, message.id()), message.frame());
        // What goes to the archive expires there.
        if (message.expiresAtMillis() != 0 && !changes.archive().open()) {
          batch.put(
              Rows.expiresKey(message.expiresAtMillis(), number, message.id()),
              ByteBuffer.allocate(4).putInt(message.frame().length).array());
        }
      }
      for (Changes.ReservedRun run : changes.reserved()) {
        batch.put(
            Rows.reservedKey(numberIn(changes, run.subject()), run.fromId()),
            Rows.value(run.toId()));
      }
      for (BacklogRun run : changes.backlog()) {
        batch.put(Rows.backlogKey(run), Rows.backlogValue(run));
      }
      VersionedMap replaced = changes.clusterMap();
      if (replaced != null) {
        batch.put(Rows.clusterMapKey(), Rows.clusterMapValue(replaced));
      }
      dropArchived(batch, changes.archived());
      putRetention(batch, changes);
      for (ShardView.ExpiringMessage message : changes.expiredMessages()) {
        batch.delete(messages, Rows.messageKey(message.subjectNumber(), message.id()));
        batch.delete(
            Rows.expiresKey(message.expiresAtMillis(), message.subjectNumber(), message.id()));
      }
      for (ShardView.ExpiringKey key : changes.expiredKeys()) {
        batch.delete(Rows.forgetsKey(key.forgottenAtMillis(), key.subjectNumber(), key.key()));
        byte[] row = Rows.keyKey(key.subjectNumber(), key.key());
        byte[] value = db.get(row);
        if (value != null && Rows.keyState(value).forgottenAtMillis() == key.forgottenAtMillis()) {
          batch.delete(row);
        }
      }
      for (Changes.NewKey key : changes.keys()) {
        long number = numberIn(changes, key.subject());
        batch.put(Rows.keyKey(number, key.key()), Rows.keyValue(key.state()));
        batch.put(Rows.forgetsKey(key.state().forgottenAtMillis(), number, key.key()), new byte[0]);
      }
      for (long origin : changes.forgottenOrigins()) {
        for (int slot = 0; slot < OriginState.WINDOW; slot++) {
          batch.delete(Rows.originKey(origin, slot));
        }
      }
      for (Map.Entry<Long, OriginState> entry : changes.origins().entrySet()) {
        OriginState before =
            changes.forgottenOrigins().contains(entry.getKey())
                ? OriginState.NEW
                : origins.getOrDefault(entry.getKey(), OriginState.NEW);
        putNewOutcomes(batch, entry.getKey(), before.lastSequence(), entry.getValue());
      }
      Position next =
          new Position(
              changes.term(),
              changes.logIndex(),
              changes.timeMillis(),
              lastNumber,
              changes.archive());
      batch.put(Rows.positionKey(), next.value());
      writeWhenThereIsRoom(batch);
      position = next;
    } catch (RocksDBException e) {
      failed = true;
      throw failure("write", e);
    }
  }

  private void dropArchived(WriteBatch batch, List<BacklogRun> archived) throws RocksDBException {
    for (BacklogRun run : archived) {
      batch.delete(Rows.backlogKey(run));
    }
    for (BacklogRun run : BacklogRun.joined(archived)) {
      if (run.messages() >= MIN_RANGE_MESSAGES) {
        deleteMessages(batch, run.subjectNumber(), run.fromId(), run.toId());
      } else if (run.messages() > 0) {
        for (long id = run.fromId(); id <= run.toId(); id++) {
          batch.delete(messages, Rows.messageKey(run.subjectNumber(), id));
        }
      }
    }
  }

  private void deleteMessages(WriteBatch batch, long number, long fromId, long toId)
      throws RocksDBException {
    batch.deleteRange(messages, Rows.messageKey(number, fromId), Rows.messageKey(number, toId + 1));
  }

  private void putRetention(WriteBatch batch, Changes changes) throws RocksDBException {
    Changes.Retention retention = changes.retention();
    for (Map.Entry<Subject, SubjectSettings> entry : retention.settings().entrySet()) {
      byte[] key = Rows.numbers(Rows.SETTINGS, numberIn(changes, entry.getKey()));
      if (entry.getValue().equals(SubjectSettings.DEFAULT)) {
        batch.delete(key);
      } else {
        batch.put(key, Rows.settingsValue(entry.getValue()));
      }
    }
    for (Changes.SizeMark mark : retention.marks()) {
      batch.put(
          Rows.numbers(Rows.SIZE_MARK, numberIn(changes, mark.subject()), mark.id()),
          Rows.value(mark.publishedBytes()));
    }
    for (Changes.RemovedRun run : retention.removed()) {
      remove(batch, run);
    }
    for (Map.Entry<Subject, Boolean> entry : retention.removals().entrySet()) {
      byte[] key = Rows.numbers(Rows.REMOVAL, numberIn(changes, entry.getKey()));
      if (entry.getValue()) {
        batch.put(key, new byte[0]);
      } else {
        batch.delete(key);
      }
    }
    for (Map.Entry<Subject, Long> entry : retention.aging().entrySet()) {
      byte[] key = Rows.numbers(Rows.AGING, numberIn(changes, entry.getKey()));
      if (entry.getValue() == 0) {
        batch.delete(key);
      } else {
        batch.put(key, Rows.value(entry.getValue()));
      }
    }
  }

  private void remove(WriteBatch batch, Changes.RemovedRun run) throws RocksDBException {
    if (run.messages() >= MIN_RANGE_MESSAGES) {
      deleteMessages(batch, run.subjectNumber(), run.fromId(), run.toId());
    } else if (run.messages() > 0) {
      deleteEach(batch, messages, Rows.MESSAGE, run);
    }
    deleteEach(batch, db.getDefaultColumnFamily(), Rows.SIZE_MARK, run);
  }

  /** Rows of few ids in what may be a long run. */
  private void deleteEach(
      WriteBatch batch, ColumnFamilyHandle family, byte tag, Changes.RemovedRun run)
      throws RocksDBException {
    try (Slice end = new Slice(Rows.numbers(tag, run.subjectNumber(), run.toId() + 1));
        ReadOptions options = new ReadOptions().setIterateUpperBound(end);
        RocksIterator rows = db.newIterator(family, options)) {
      for (rows.seek(Rows.numbers(tag, run.subjectNumber(), run.fromId()));
          rows.isValid();
          rows.next()) {
        batch.delete(family, rows.key());
      }
      check(rows);
    }
  }

  /**
   * RocksDB would let a write wait for room in memory however long that takes, and on a full disk
   * it takes for ever; so the wait is ours, and ends when a file could not be written.
   */
  private void writeWhenThereIsRoom(WriteBatch batch) throws RocksDBException {
    while (true) {
      try {
        db.write(noWal, batch);
        return;
      } catch (RocksDBException e) {
        if (!isIncomplete(e)) {
          throw e;
        }
        if (db.getLongProperty("rocksdb.background-errors") > 0) {
          throw new RocksDBException(
              "a file could not be written; see that the disk has space and is sound");
        }
        LockSupport.parkNanos(ROOM_POLL_NANOS);
      }
    }
  }

  static boolean isIncomplete(RocksDBException e) {
    Status status = e.getStatus();
    return status != null && status.getCode() == Status.Code.Incomplete;
  }

  private static long numberIn(Changes changes, Subject subject) {
    SubjectState state = changes.subjects().get(subject);
    if (state == null) {
      throw new IllegalStateException("changes to " + subject + " come without its state");
    }
    return state.number();
  }

  private static void putNewOutcomes(
      WriteBatch batch, long origin, long writtenSequence, OriginState state)
      throws RocksDBException {
    for (Map.Entry<Long, Outcome> outcome :
        state.outcomes().tailMap(writtenSequence + 1).entrySet()) {
      batch.put(
          Rows.originKey(origin, (int) (outcome.getKey() % OriginState.WINDOW)),
          new OriginRow(outcome.getKey(), state.lastTimeMillis(), outcome.getValue()).value());
    }
  }

  private void loadOrigins() {
    try (Slice end = new Slice(Rows.after(Rows.ORIGIN));
        ReadOptions options = new ReadOptions().setIterateUpperBound(end);
        RocksIterator rows = db.newIterator(options)) {
      Map<Long, List<OriginRow>> rowsByOrigin = new HashMap<>();
      for (rows.seek(new byte[] {Rows.ORIGIN}); rows.isValid(); rows.next()) {
        rowsByOrigin
            .computeIfAbsent(Rows.number(rows.key(), 0), o -> new ArrayList<>())
            .add(OriginRow.of(rows.value()));
      }
      check(rows);
      rowsByOrigin.forEach(
          (origin, outcomes) -> {
            outcomes.sort((a, b) -> Long.compare(a.sequence(), b.sequence()));
            OriginState state = OriginState.NEW;
            for (OriginRow row : outcomes) {
              state = state.applied(row.sequence(), row.timeMillis(), row.outcome());
            }
            origins.put(origin, state);
          });
    }
  }

  private void loadSettings() {
    try (Slice end = new Slice(Rows.after(Rows.SETTINGS));
        ReadOptions options = new ReadOptions().setIterateUpperBound(end);
        RocksIterator rows = db.newIterator(options)) {
      for (rows.seek(new byte[] {Rows.SETTINGS}); rows.isValid(); rows.next()) {
        settings.put(name(Rows.number(rows.key(), 0)), Rows.settings(rows.value()));
      }
      check(rows);
    }
  }

  @Override
  public void checkpoint(Path target) {
    whileOpen(
        () -> {
          copyTo(target);
          return target;
        });
  }

  private void copyTo(Path target) {
    try (FlushOptions flush = new FlushOptions().setWaitForFlush(true);
        Checkpoint checkpoint = Checkpoint.create(db)) {
      db.flush(flush, families);
      checkpoint.createCheckpoint(target.toString());
    } catch (RocksDBException e) {
      throw failure("copy", e);
    }
  }

  @Override
  public long diskBytes() {
    return property("rocksdb.total-sst-files-size") + property("rocksdb.cur-size-all-mem-tables");
  }

  private long property(String name) {
    return whileOpen(
        () -> {
          try {
            return db.getAggregatedLongProperty(name);
          } catch (RocksDBException e) {
            throw failure("measure", e);
          }
        });
  }

  @Override
  public long subjects() {
    return position.lastSubjectNumber();
  }

  @Override
  public void close() {
    open.writeLock().lock();
    try {
      if (!closed) {
        closed = true;
        db.cancelAllBackgroundWork(true);
        fromMemory.close();
        noWal.close();
        families.forEach(ColumnFamilyHandle::close);
        db.close();
      }
    } finally {
      open.writeLock().unlock();
    }
  }

  <T> T whileOpen(Supplier<T> action) {
    open.readLock().lock();
    try {
      requireOpen();
      return action.get();
    } finally {
      open.readLock().unlock();
    }
  }

  void requireOpen() {
    if (closed) {
      throw new StoreException("the store in " + directory + " is closed");
    }
  }

  StoreException failure(String verb, RocksDBException e) {
    return failure(verb, directory, e);
  }

  static StoreException failure(String verb, Path directory, RocksDBException e) {
    Status status = e.getStatus();
    boolean damage = status != null && status.getCode() == Status.Code.Corruption;
    return new StoreException(
        "cannot "
            + verb
            + " the store in "
            + directory
            + (damage ? ", it is damaged: " : ": ")
            + e.getMessage(),
        e,
        damage);
  }

  void check(RocksIterator iterator) {
    try {
      iterator.status();
    } catch (RocksDBException e) {
      throw failure("read", e);
    }
  }

  byte @Nullable [] get(byte[] key) {
    return get(db.getDefaultColumnFamily(), key);
  }

  byte @Nullable [] get(ColumnFamilyHandle family, byte[] key) {
    open.readLock().lock();
    try {
      requireOpen();
      return db.get(family, key);
    } catch (RocksDBException e) {
      throw failure("read", e);
    } finally {
      open.readLock().unlock();
    }
  }

  @Nullable SubjectState state(Subject subject) {
    SubjectState cached = subjects.get(subject);
    if (cached != null) {
      return cached;
    }
    byte[] value = get(Rows.subjectKey(subject));
    return value == null ? null : Rows.subjectState(value);
  }

  Subject name(long number) {
    byte[] name = get(Rows.nameKey(number));
    if (name == null) {
      throw new StoreException("the store in " + directory + " has no name for subject " + number);
    }
    return Subject.accepted(new String(name, StandardCharsets.UTF_8));
  }

  SubjectSettings settingsOf(Subject subject) {
    return settings.getOrDefault(subject, SubjectSettings.DEFAULT);
  }

  KnownSubject known(long number) {
    Subject subject = name(number);
    SubjectState state = state(subject);
    if (state == null) {
      throw new StoreException("the store in " + directory + " has no state of " + subject);
    }
    return new KnownSubject(subject, state);
  }

  /** Rows whose key is a tag and a subject number, by number. */
  <T> List<T> rowsBySubject(
      byte tag, long afterNumber, int limit, BiFunction<Long, byte[], T> row) {
    return whileOpen(
        () -> {
          List<T> found = new ArrayList<>();
          try (Slice end = new Slice(Rows.after(tag));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = db.newIterator(options)) {
            for (rows.seek(Rows.numbers(tag, afterNumber + 1));
                rows.isValid() && found.size() < limit;
                rows.next()) {
              found.add(row.apply(Rows.number(rows.key(), 0), rows.value()));
            }
            check(rows);
          }
          return found;
        });
  }

  List<KnownSubject> withRemovals(int limit) {
    return rowsBySubject(Rows.REMOVAL, 0, limit, (number, value) -> known(number));
  }

  /** The first reserved run that ends at or after an id; null if there is none. */
  Changes.@Nullable ReservedRun nextReservedRun(Subject subject, long fromId) {
    List<Changes.ReservedRun> first = new ArrayList<>(1);
    forEachReservedRun(
        subject,
        fromId,
        run -> {
          first.add(run);
          return false;
        });
    return first.isEmpty() ? null : first.get(0);
  }

  /** From the run that ends at or after an id, as long as {@code wanted} says so. */
  void forEachReservedRun(Subject subject, long fromId, Predicate<Changes.ReservedRun> wanted) {
    SubjectState state = state(subject);
    if (state != null) {
      whileOpen(
          () -> {
            forEachReservedRun(subject, state.number(), fromId, wanted);
            return state;
          });
    }
  }

  private void forEachReservedRun(
      Subject subject, long number, long fromId, Predicate<Changes.ReservedRun> wanted) {
    try (Slice start = new Slice(Rows.reservedKey(number, 0));
        Slice end = new Slice(Rows.after(Rows.RESERVED, number));
        ReadOptions options =
            new ReadOptions().setIterateLowerBound(start).setIterateUpperBound(end);
        RocksIterator rows = db.newIterator(options)) {
      rows.seekForPrev(Rows.reservedKey(number, fromId));
      if (!rows.isValid() || Rows.valueOf(rows.value()) < fromId) {
        check(rows);
        rows.seek(Rows.reservedKey(number, fromId));
      }
      while (rows.isValid()
          && wanted.test(
              new Changes.ReservedRun(
                  subject, Rows.number(rows.key(), 1), Rows.valueOf(rows.value())))) {
        rows.next();
      }
      check(rows);
    }
  }

  /** The backlog from its beginning, as long as {@code wanted} says so. */
  List<BacklogRun> backlogRuns(Predicate<BacklogRun> wanted) {
    return whileOpen(
        () -> {
          List<BacklogRun> found = new ArrayList<>();
          Map<Long, Subject> names = new HashMap<>();
          try (Slice end = new Slice(Rows.after(Rows.BACKLOG));
              ReadOptions options = new ReadOptions().setIterateUpperBound(end);
              RocksIterator rows = db.newIterator(options)) {
            // Not from the beginning: that would step over every row removed so far.
            long first = position.archive().archivedIndex() + 1;
            for (rows.seek(Rows.numbers(Rows.BACKLOG, first)); rows.isValid(); rows.next()) {
              Subject subject = names.computeIfAbsent(Rows.number(rows.key(), 1), this::name);
              BacklogRun run = Rows.backlogRun(subject, rows.key(), rows.value());
              if (!wanted.test(run)) {
                break;
              }
              found.add(run);
            }
            check(rows);
          }
          return found;
        });
  }
}
