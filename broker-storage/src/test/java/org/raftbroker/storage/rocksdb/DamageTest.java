package org.raftbroker.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.raftbroker.storage.rocksdb.EntryWriter.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.StoreException;

/** A disk that gives back other bytes than it was given is found out, never believed. */
final class DamageTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final int MESSAGES = 500;

  @TempDir Path directory;
  private Path store;
  private Path table;
  private byte[] whole;

  @BeforeEach
  void aStoreOnDisk() throws IOException {
    store = directory.resolve("store");
    Random bodies = new Random(1);
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        RocksShardStore open = stores.open(store)) {
      EntryWriter next = entry(open, 1_000);
      for (int i = 0; i < MESSAGES; i++) {
        byte[] body = new byte[500];
        bodies.nextBytes(body);
        next.append(ORDERS, body);
      }
      next.write();
      open.checkpoint(directory.resolve("flushed"));
    }
    try (Stream<Path> files = Files.list(store)) {
      table = files.filter(f -> f.toString().endsWith(".sst")).findFirst().orElseThrow();
    }
    whole = Files.readAllBytes(table);
  }

  @Test
  void whateverByteOfATableIsFlippedReadsAreRightOrRefused() throws IOException {
    List<StoredMessage> expected = readAll();
    Random random = new Random(2);
    int refused = 0;

    for (int round = 0; round < 60; round++) {
      byte[] damaged = whole.clone();
      int at = random.nextInt(damaged.length);
      damaged[at] ^= (byte) (1 << random.nextInt(8));
      Files.write(table, damaged);

      try {
        assertThat(readAll())
            .as("byte %d flipped", at)
            .usingRecursiveFieldByFieldElementComparator()
            .isEqualTo(expected);
      } catch (StoreException e) {
        refused++;
        assertThat(e.isDamage()).as("byte %d flipped: %s", at, e.getMessage()).isTrue();
        assertThat(e).hasMessageContaining(store.toString()).hasMessageContaining("is damaged");
      }
    }

    // Bytes that no read of this store needs, such as statistics, are few.
    assertThat(refused).isGreaterThan(50);
  }

  @Test
  void aTableThatWasCutShortIsDamage() throws IOException {
    Files.write(table, Arrays.copyOf(whole, whole.length / 2));

    assertIsDamage();
  }

  @Test
  void aTableThatIsMissingIsDamage() throws IOException {
    Files.delete(table);

    assertIsDamage();
  }

  private void assertIsDamage() {
    StoreException refusal = catchThrowableOfType(StoreException.class, this::readAll);

    assertThat(refusal.isDamage()).as("%s", refusal.getMessage()).isTrue();
    assertThat(refusal).hasMessageContaining(store.toString());
  }

  /** By scan and one by one, with nothing in memory. */
  private List<StoredMessage> readAll() {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        RocksShardStore open = stores.open(store)) {
      assertThat(open.appliedIndex()).isZero();
      List<StoredMessage> messages = open.reader().read(ORDERS, 1, Integer.MAX_VALUE);
      for (StoredMessage message : messages) {
        assertThat(open.reader().message(ORDERS, message.id()))
            .usingRecursiveComparison()
            .isEqualTo(message);
      }
      assertThat(open.reader().firstIdAtOrAfter(ORDERS, 0)).isEqualTo(1);
      assertThat(messages).hasSize(MESSAGES);
      return messages;
    }
  }
}
