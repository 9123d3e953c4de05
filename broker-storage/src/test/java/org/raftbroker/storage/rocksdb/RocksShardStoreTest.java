package org.raftbroker.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.raftbroker.storage.rocksdb.EntryWriter.entry;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.BacklogRun;
import org.raftbroker.storage.KeyState;
import org.raftbroker.storage.OriginState;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.StoreException;
import org.raftbroker.storage.SubjectState;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDB;

final class RocksShardStoreTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final Subject INVOICES = new Subject("invoices");
  private static final Subject NEVER_USED = new Subject("never.used");
  private static final int ALL = Integer.MAX_VALUE;

  @TempDir Path directory;
  private RocksStores stores;
  private RocksShardStore store;

  @BeforeEach
  void open() {
    stores = new RocksStores(StoreConfig.DEFAULT, 1);
    store = stores.open(directory.resolve("store"));
  }

  @AfterEach
  void close() {
    store.close();
    stores.close();
  }

  private void reopen() {
    store.close();
    store = stores.open(directory.resolve("store"));
  }

  @Test
  void aNewStoreHasAppliedNothing() {
    assertThat(store.appliedIndex()).isEqualTo(-1);
    assertThat(store.appliedTerm()).isZero();
    assertThat(store.subjects()).isZero();
    assertThat(store.view().lastTimeMillis()).isZero();
    assertThat(store.view().origins()).isEmpty();
    assertThat(store.reader().head(ORDERS)).isZero();
    assertThat(store.reader().read(ORDERS, 1, ALL)).isEmpty();
    assertThat(store.reader().firstIdAtOrAfter(ORDERS, 0)).isEqualTo(1);
    assertThat(store.reader().hasRemovable(Long.MAX_VALUE)).isFalse();
  }

  @Test
  void whatWasWrittenIsThereAfterAnOrderlyEnd() {
    entry(store, 1_000).append(ORDERS, text("a")).append(INVOICES, text("b")).write();
    entry(store, 2_000).append(ORDERS, text("c")).write();
    List<StoredMessage> before = store.reader().read(ORDERS, 1, ALL);
    var stateBefore = store.view().subject(ORDERS);

    reopen();

    assertThat(store.appliedIndex()).isEqualTo(1);
    assertThat(store.appliedTerm()).isEqualTo(EntryWriter.TERM);
    assertThat(store.view().lastTimeMillis()).isEqualTo(2_000);
    assertThat(store.view().lastSubjectNumber()).isEqualTo(2);
    assertThat(store.view().subject(ORDERS)).isEqualTo(stateBefore);
    assertThat(store.view().subject(NEVER_USED)).isNull();
    assertThat(store.reader().head(ORDERS)).isEqualTo(2);
    assertThat(store.reader().read(ORDERS, 1, ALL))
        .usingRecursiveFieldByFieldElementComparator()
        .isEqualTo(before);
  }

  @Test
  void aReadStartsAtTheNextMessageAndNeverLeavesItsSubject() {
    entry(store, 1).append(ORDERS, text("1")).reserve(ORDERS, 3).append(ORDERS, text("5")).write();
    entry(store, 2).append(INVOICES, text("other")).append(ORDERS, text("6")).write();

    assertThat(ids(store.reader().read(ORDERS, 1, ALL))).containsExactly(1L, 5L, 6L);
    assertThat(ids(store.reader().read(ORDERS, 2, ALL))).containsExactly(5L, 6L);
    assertThat(ids(store.reader().read(ORDERS, 6, ALL))).containsExactly(6L);
    assertThat(store.reader().read(ORDERS, 7, ALL)).isEmpty();
    assertThat(store.reader().read(ORDERS, Long.MAX_VALUE, ALL)).isEmpty();
    assertThat(ids(store.reader().read(INVOICES, 1, ALL))).containsExactly(1L);
    assertThat(store.reader().message(ORDERS, 2)).isNull();
    assertThat(store.reader().message(ORDERS, 7)).isNull();
    assertThat(store.reader().message(NEVER_USED, 1)).isNull();
  }

  @Test
  void aReadStopsAtItsBoundButAlwaysGivesOne() {
    entry(store, 1)
        .append(ORDERS, new byte[1_000])
        .append(ORDERS, new byte[1_000])
        .append(ORDERS, new byte[1_000])
        .write();

    assertThat(ids(store.reader().read(ORDERS, 1, 1))).containsExactly(1L);
    assertThat(ids(store.reader().read(ORDERS, 1, 1_500))).containsExactly(1L, 2L);
    assertThat(ids(store.reader().read(ORDERS, 1, 1 << 20))).containsExactly(1L, 2L, 3L);
  }

  @Test
  void reservedIdsAreToldFromMissingOnes() {
    entry(store, 1).append(ORDERS, text("1")).reserve(ORDERS, 3).write();
    entry(store, 2).reserve(ORDERS, 2).write();
    entry(store, 3).append(ORDERS, text("7")).reserve(INVOICES, 1).write();

    for (int round = 0; round < 2; round++) {
      assertThat(store.reader().isReserved(ORDERS, 1)).isFalse();
      for (long id = 2; id <= 6; id++) {
        assertThat(store.reader().isReserved(ORDERS, id)).as("id %d", id).isTrue();
      }
      assertThat(store.reader().isReserved(ORDERS, 7)).isFalse();
      assertThat(store.reader().isReserved(ORDERS, Long.MAX_VALUE)).isFalse();
      assertThat(store.reader().isReserved(INVOICES, 1)).isTrue();
      assertThat(store.reader().isReserved(INVOICES, 2)).isFalse();
      assertThat(store.reader().isReserved(NEVER_USED, 1)).isFalse();
      reopen();
    }
  }

  @Test
  void messagesExpireTheOldestFirstAndOnlyOnce() {
    entry(store, 1_000)
        .append(ORDERS, text("late"), 3_000)
        .append(ORDERS, text("early"), 2_000)
        .append(INVOICES, text("never"))
        .append(INVOICES, text("earliest"), 1_500)
        .write();

    assertThat(store.reader().hasRemovable(1_499)).isFalse();
    assertThat(store.reader().hasRemovable(1_500)).isTrue();
    assertThat(store.view().expiredMessages(1_999, 10)).hasSize(1);
    assertThat(store.view().expiredMessages(3_000, 10))
        .extracting(ShardView.ExpiringMessage::subject, ShardView.ExpiringMessage::id)
        .containsExactly(tuple(INVOICES, 2L), tuple(ORDERS, 2L), tuple(ORDERS, 1L));
    // Nothing is hidden before it is removed: the reader's caller has the clock.
    assertThat(ids(store.reader().read(ORDERS, 1, ALL))).containsExactly(1L, 2L);

    entry(store, 4_000).expire(2).write();

    assertThat(ids(store.reader().read(ORDERS, 1, ALL))).containsExactly(1L);
    assertThat(ids(store.reader().read(INVOICES, 1, ALL))).containsExactly(1L);
    assertThat(store.reader().head(ORDERS)).isEqualTo(2);
    assertThat(store.reader().hasRemovable(4_000)).isTrue();

    entry(store, 4_000).expire(10).write();

    assertThat(store.reader().hasRemovable(Long.MAX_VALUE)).isFalse();
    assertThat(store.view().expiredMessages(Long.MAX_VALUE, 10)).isEmpty();
    assertThat(store.reader().message(ORDERS, 1)).isNull();
    SubjectState orders = Objects.requireNonNull(store.view().subject(ORDERS));
    assertThat(orders.stored().messages()).isZero();
    assertThat(orders.stored().bytes()).isZero();
  }

  @Test
  void anIdempotencyKeyIsKnownUntilItsTimeAndBelongsToItsSubject() {
    KeyState state = new KeyState(1, 77, 2_000);
    entry(store, 1_000).append(ORDERS, text("a")).remember(ORDERS, "ключ", state).write();

    assertThat(store.view().key(ORDERS, "ключ", 1_999)).isEqualTo(state);
    assertThat(store.view().key(ORDERS, "ключ", 2_000)).isNull();
    assertThat(store.view().key(ORDERS, "клю", 1_000)).isNull();
    assertThat(store.view().key(INVOICES, "ключ", 1_000)).isNull();

    entry(store, 2_000).expire(10).write();

    assertThat(store.view().key(ORDERS, "ключ", 0)).isNull();
    assertThat(store.view().expiredKeys(Long.MAX_VALUE, 10)).isEmpty();
  }

  @Test
  void aKeyThatWasGivenAgainOutlivesTheRemovalOfItsFirstUse() {
    entry(store, 1_000).remember(ORDERS, "k", new KeyState(1, 77, 2_000)).write();
    KeyState again = new KeyState(2, 78, 9_000);
    entry(store, 3_000).remember(ORDERS, "k", again).write();

    entry(store, 3_000).expire(10).write();

    assertThat(store.view().key(ORDERS, "k", 3_000)).isEqualTo(again);

    entry(store, 9_000).expire(10).write();

    assertThat(store.view().key(ORDERS, "k", 0)).isNull();
    assertThat(store.view().expiredKeys(Long.MAX_VALUE, 10)).isEmpty();
  }

  @Test
  void aKeyThatExpiresAndIsGivenAgainInOneEntryIsKept() {
    entry(store, 1_000).remember(ORDERS, "k", new KeyState(1, 77, 2_000)).write();
    KeyState again = new KeyState(2, 78, 9_000);

    entry(store, 3_000).expire(10).remember(ORDERS, "k", again).write();

    assertThat(store.view().key(ORDERS, "k", 3_000)).isEqualTo(again);
    assertThat(store.view().expiredKeys(8_999, 10)).isEmpty();
  }

  @Test
  void anOriginKeepsItsLatestAnswersOverARestart() {
    for (int i = 1; i <= 20; i++) {
      entry(store, 1_000 + i)
          .append(ORDERS, text("x"))
          .answer(-5, new Outcome(new long[] {i, 2L * i}, new int[] {1}))
          .answer(-5, Outcome.NO_IDS)
          .answer(i, Outcome.NO_IDS)
          .write();
    }
    var before = Map.copyOf(store.view().origins());
    OriginState origin = Objects.requireNonNull(before.get(-5L));
    assertThat(origin.lastSequence()).isEqualTo(40);
    assertThat(origin.outcomes()).hasSize(OriginState.WINDOW);
    assertThat(origin.outcome(39)).isEqualTo(new Outcome(new long[] {20, 40}, new int[] {1}));
    assertThat(origin.outcome(32)).isNull();

    reopen();

    assertThat(store.view().origins()).isEqualTo(before);

    entry(store, 2_000).forget(-5).forget(20).write();
    assertThat(store.view().origins()).hasSize(19).doesNotContainKeys(-5L, 20L);
    reopen();
    assertThat(store.view().origins()).hasSize(19).doesNotContainKeys(-5L, 20L);
  }

  @Test
  void anOriginThatIsForgottenAndComesBackInOneEntryStartsAfresh() {
    for (int i = 0; i < 5; i++) {
      entry(store, 1_000).answer(7, Outcome.NO_IDS).write();
    }
    entry(store, 2_000).forget(7).write();
    entry(store, 3_000).answer(7, new Outcome(new long[] {9}, new int[0])).write();
    var before = Map.copyOf(store.view().origins());

    reopen();

    assertThat(store.view().origins()).isEqualTo(before);
    assertThat(store.view().origins().get(7L))
        .isEqualTo(OriginState.NEW.applied(1, 3_000, new Outcome(new long[] {9}, new int[0])));
  }

  @Test
  void aTimeIsFoundAmongGapsAndRemovedMessages() {
    for (int i = 1; i <= 50; i++) {
      EntryWriter next = entry(store, 1_000L * i);
      if (i % 7 == 0) {
        next.reserve(ORDERS, 3);
      }
      next.append(ORDERS, text("x"), i % 5 == 0 ? 100_000 : 0)
          .append(ORDERS, text("y"))
          .append(INVOICES, text("z"))
          .write();
    }
    entry(store, 100_000).expire(100).write();
    List<StoredMessage> all = store.reader().read(ORDERS, 1, ALL);

    for (long time = 0; time <= 52_000; time += 500) {
      long at = time;
      long expected =
          all.stream()
              .filter(m -> MessageFrame.publishedAtMillis(m.frame()) >= at)
              .mapToLong(StoredMessage::id)
              .findFirst()
              .orElse(store.reader().head(ORDERS) + 1);
      long found = store.reader().firstIdAtOrAfter(ORDERS, at);
      // Any id in the gap before a message leads to that message.
      assertThat(firstIdFrom(all, found)).as("time %d", at).isEqualTo(firstIdFrom(all, expected));
      assertThat(found).isLessThanOrEqualTo(expected);
    }
    assertThat(store.reader().firstIdAtOrAfter(ORDERS, Long.MIN_VALUE)).isEqualTo(1);
    assertThat(store.reader().firstIdAtOrAfter(ORDERS, Long.MAX_VALUE))
        .isEqualTo(store.reader().head(ORDERS) + 1);
    assertThat(store.reader().firstIdAtOrAfter(NEVER_USED, 0)).isEqualTo(1);
  }

  private static long firstIdFrom(List<StoredMessage> all, long id) {
    return all.stream().mapToLong(StoredMessage::id).filter(i -> i >= id).findFirst().orElse(-1);
  }

  @Test
  void aNewMessageIsInMemoryAndAnOldOneIsSaidToBeOnDisk() {
    EntryWriter many = entry(store, 1_000);
    for (int i = 0; i < 100; i++) {
      many.append(ORDERS, new byte[1_000], 5_000); // several blocks
    }
    many.write();

    StoredMessage inMemory = store.reader().messageInMemory(ORDERS, 1);

    assertThat(inMemory)
        .usingRecursiveComparison()
        .isEqualTo(store.reader().message(ORDERS, 1))
        .isNotEqualTo(ShardReader.NOT_IN_MEMORY);
    assertThat(store.reader().messageInMemory(ORDERS, 101)).isNull();
    assertThat(store.reader().messageInMemory(NEVER_USED, 1)).isSameAs(ShardReader.NOT_IN_MEMORY);

    close();
    open();
    entry(store, 2_000).append(ORDERS, text("b")).write();

    assertThat(store.reader().messageInMemory(ORDERS, 1)).isSameAs(ShardReader.NOT_IN_MEMORY);
    assertThat(store.reader().messageInMemory(ORDERS, 101)).isNotNull();
    assertThat(store.reader().message(ORDERS, 1)).isNotNull();
    assertThat(store.reader().messageInMemory(ORDERS, 1))
        .as("a block that was read stays in memory")
        .isNotSameAs(ShardReader.NOT_IN_MEMORY);
  }

  @Test
  void aCheckpointHasEverythingUpToItAndNothingAfter() {
    entry(store, 1).append(ORDERS, text("a")).write();
    Path copy = directory.resolve("copy");
    store.checkpoint(copy);
    entry(store, 2).append(ORDERS, text("b")).write();

    try (RocksShardStore restored = stores.open(copy)) {
      assertThat(restored.appliedIndex()).isZero();
      assertThat(restored.reader().head(ORDERS)).isEqualTo(1);
      assertThat(ids(restored.reader().read(ORDERS, 1, ALL))).containsExactly(1L);
    }
    assertThat(ids(store.reader().read(ORDERS, 1, ALL))).containsExactly(1L, 2L);
    assertThat(store.diskBytes()).isPositive();
  }

  @Test
  void moreSubjectsThanTheCacheHoldsAreAllKnown() {
    int subjects = 70_000;
    for (int from = 0; from < subjects; from += 1_000) {
      EntryWriter next = entry(store, from);
      for (int i = from; i < from + 1_000; i++) {
        next.append(new Subject("s" + i), text("x"));
      }
      next.write();
    }

    assertThat(store.subjects()).isEqualTo(subjects);
    for (int i = 0; i < subjects; i += 100) {
      assertThat(store.reader().head(new Subject("s" + i))).isEqualTo(1);
      assertThat(store.view().subject(new Subject("s" + i)))
          .isNotNull()
          .extracting(state -> state.number())
          .isEqualTo(i + 1L);
    }
  }

  @Test
  void aClosedStoreSaysSo() {
    entry(store, 1).append(ORDERS, text("a")).write();
    store.close();

    assertThatThrownBy(() -> store.reader().read(ORDERS, 1, ALL))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(directory.resolve("store").toString())
        .hasMessageContaining("is closed");
    assertThatThrownBy(() -> store.reader().messageInMemory(ORDERS, 1))
        .isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> entry(store, 2).append(ORDERS, text("b")).write())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("is closed");
    assertThatThrownBy(() -> store.view().expiredMessages(1, 1)).isInstanceOf(StoreException.class);
    assertThatThrownBy(() -> store.checkpoint(directory.resolve("copy")))
        .isInstanceOf(StoreException.class);
    store.close();
  }

  /** Few messages are deleted one by one, many as a range; both must end where the run ends. */
  @ParameterizedTest
  @ValueSource(ints = {3, 100})
  void whatIsArchivedLeavesTheStoreAndNothingElse(int count) {
    entry(store, 1).openArchive().write();
    EntryWriter first = entry(store, 2);
    for (int i = 0; i < count; i++) {
      first.append(ORDERS, text("x")).append(INVOICES, text("x"));
    }
    first.write();
    entry(store, 3).append(ORDERS, text("x")).write();

    entry(store, 4).markArchived(1).write();

    for (int round = 0; round < 2; round++) {
      assertThat(ids(store.reader().read(ORDERS, 1, 1_000_000))).containsExactly(count + 1L);
      assertThat(store.reader().read(INVOICES, 1, 1_000_000)).isEmpty();
      assertThat(store.reader().archivedId(ORDERS)).isEqualTo(count);
      assertThat(store.reader().head(INVOICES)).isEqualTo(count);
      assertThat(store.reader().archive().backlogMessages()).isEqualTo(1);
      assertThat(store.reader().backlog(1_000, 1_000_000))
          .extracting(BacklogRun::logIndex)
          .containsExactly(2L);
      store.close();
      store = stores.open(directory.resolve("store"));
    }
  }

  @Test
  void theBacklogIsReadInWholeEntries() {
    entry(store, 1).openArchive().write();
    for (int i = 0; i < 4; i++) {
      entry(store, 2)
          .append(ORDERS, text("x"))
          .append(INVOICES, text("x"))
          .append(ORDERS, text("x"))
          .write();
    }

    assertThat(store.reader().backlog(1, 1_000_000))
        .extracting(BacklogRun::logIndex)
        .containsExactly(1L, 1L, 1L);
    assertThat(store.reader().backlog(4, 1_000_000))
        .extracting(BacklogRun::logIndex)
        .containsExactly(1L, 1L, 1L, 2L, 2L, 2L);
    assertThat(store.reader().backlog(1_000, 1)).hasSize(3);
    assertThat(store.reader().backlog(1_000, 1_000_000)).hasSize(12);
  }

  @Test
  void aStoreOfAnotherFormatIsRefusedAndLetGo() throws Exception {
    store.close();
    Path path = directory.resolve("store");
    byte[] position = Rows.Position.START.value();
    position[3] = 99;
    List<ColumnFamilyHandle> families = new ArrayList<>();
    try (RocksDB db =
        RocksDB.open(
            path.toString(),
            List.of(
                new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY),
                new ColumnFamilyDescriptor(Rows.MESSAGES_FAMILY)),
            families)) {
      db.put(Rows.positionKey(), position);
      families.forEach(ColumnFamilyHandle::close);
    }

    // Twice: the first refusal must not keep the directory's lock.
    for (int round = 0; round < 2; round++) {
      assertThatThrownBy(() -> stores.open(path))
          .hasMessageContaining("format 99")
          .hasMessageContaining("format " + Rows.FORMAT);
    }
  }

  private static List<Long> ids(List<StoredMessage> messages) {
    return messages.stream().map(StoredMessage::id).toList();
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
