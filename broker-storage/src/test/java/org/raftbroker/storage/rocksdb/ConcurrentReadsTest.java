package org.raftbroker.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.raftbroker.storage.rocksdb.EntryWriter.entry;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ShardReader;
import org.raftbroker.storage.StoreException;

/** Readers beside the apply thread: never less than was applied, never half an entry, no crash. */
final class ConcurrentReadsTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final int ENTRIES = 2_000;
  private static final int PER_ENTRY = 10;

  @TempDir Path directory;

  @Test
  void readersSeeAtLeastWhatWasAppliedUntilTheStoreIsClosed() throws Exception {
    ExecutorService readers = Executors.newFixedThreadPool(4);
    AtomicLong applied = new AtomicLong();
    CountDownLatch readersUnderWay = new CountDownLatch(4);
    try (RocksStores stores = new RocksStores(new StoreConfig(4 << 20, 8 << 20, 2, true), 1)) {
      RocksShardStore store = stores.open(directory.resolve("store"));
      entry(store, 1_000).append(ORDERS, new byte[1]).write();
      applied.set(1);
      List<Future<Long>> reads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        reads.add(readers.submit(() -> readUntilClosed(store, applied, readersUnderWay)));
      }
      readersUnderWay.await();

      for (int i = 0; i < ENTRIES; i++) {
        EntryWriter next = entry(store, 2_000 + i);
        for (int j = 0; j < PER_ENTRY; j++) {
          next.append(ORDERS, new byte[2_000], i % 10 == 0 ? 2_000 + i + 5L : 0);
        }
        next.expire(3).write();
        applied.addAndGet(PER_ENTRY);
      }
      // In the middle of their reads.
      store.close();

      for (Future<Long> read : reads) {
        assertThat(read.get(30, TimeUnit.SECONDS)).isPositive();
      }
    } finally {
      readers.shutdownNow();
      assertThat(readers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** How many rounds it made until the store told that it is closed. */
  private static long readUntilClosed(
      RocksShardStore store, AtomicLong applied, CountDownLatch underWay) {
    ShardReader reader = store.reader();
    for (long round = 1; ; round++) {
      try {
        long before = applied.get();
        long head = reader.head(ORDERS);
        assertThat(head).isGreaterThanOrEqualTo(before);
        List<StoredMessage> newest = reader.read(ORDERS, Math.max(1, before - 5), 20_000);
        for (int i = 1; i < newest.size(); i++) {
          assertThat(newest.get(i).id()).isGreaterThan(newest.get(i - 1).id());
        }
        // Whole entries: one message, then ten at a time.
        assertThat((head - 1) % PER_ENTRY).isZero();
        StoredMessage message = reader.messageInMemory(ORDERS, before);
        if (message != null && message != ShardReader.NOT_IN_MEMORY) {
          assertThat(message.id()).isEqualTo(before);
        }
        assertThat(reader.isReserved(ORDERS, before)).isFalse();
        assertThat(reader.firstIdAtOrAfter(ORDERS, 0)).isPositive();
        assertThat(store.diskBytes()).isPositive();
      } catch (StoreException e) {
        assertThat(e).hasMessageContaining("is closed");
        return round;
      }
      underWay.countDown();
    }
  }
}
