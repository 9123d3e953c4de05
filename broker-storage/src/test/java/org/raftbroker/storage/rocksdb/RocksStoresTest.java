package org.raftbroker.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.raftbroker.storage.rocksdb.EntryWriter.entry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.StoreException;

final class RocksStoresTest {
  private static final Subject ORDERS = new Subject("orders");

  @TempDir Path directory;
  private RocksStores stores;
  private Path checkpoint;
  private Path target;

  @BeforeEach
  void aCheckpoint() {
    stores = new RocksStores(StoreConfig.DEFAULT, 2);
    checkpoint = directory.resolve("checkpoint");
    target = directory.resolve("restored");
    try (RocksShardStore store = stores.open(directory.resolve("store"))) {
      entry(store, 1_000).append(ORDERS, new byte[100]).append(ORDERS, new byte[200]).write();
      store.checkpoint(checkpoint);
    }
  }

  @AfterEach
  void close() {
    stores.close();
  }

  /** The memory is shared: with many stores, what each takes at least must leave room in it. */
  @Test
  void aLittleInEachOfManyStoresStaysInMemory() throws IOException {
    int many = 64;
    List<RocksShardStore> opened = new ArrayList<>();
    try (RocksStores shared = new RocksStores(StoreConfig.DEFAULT, many)) {
      for (int i = 0; i < many; i++) {
        opened.add(shared.open(directory.resolve("many-" + i)));
      }
      for (int round = 0; round < 5; round++) {
        for (RocksShardStore store : opened) {
          entry(store, 1_000).append(ORDERS, new byte[100]).write();
        }
      }

      for (int i = 0; i < many; i++) {
        assertThat(files(directory.resolve("many-" + i)))
            .noneMatch(file -> file.toString().endsWith(".sst"));
      }
      opened.forEach(RocksShardStore::close);
    }
  }

  @Test
  void aRestoredStoreHoldsTheCheckpointAndLeavesItAsItIs() throws IOException {
    stores.restore(checkpoint, target);

    assertThat(stores.exists(target)).isTrue();
    try (RocksShardStore store = stores.open(target)) {
      assertThat(store.reader().head(ORDERS)).isEqualTo(2);
      entry(store, 2_000).append(ORDERS, new byte[100]).write();
      assertThat(store.reader().head(ORDERS)).isEqualTo(3);
      store.checkpoint(directory.resolve("second"));
    }
    try (RocksShardStore unchanged = stores.open(checkpoint)) {
      assertThat(unchanged.reader().head(ORDERS)).isEqualTo(2);
    }
  }

  @Test
  void digestsAndOtherFilesOfATransferAreNotTaken() throws IOException {
    for (Path file : files(checkpoint)) {
      Files.writeString(file.resolveSibling(file.getFileName() + ".md5"), "0123456789abcdef");
    }
    Files.writeString(checkpoint.resolve("note.txt"), "not ours");

    stores.restore(checkpoint, target);

    assertThat(files(target))
        .extracting(file -> file.getFileName().toString())
        .noneMatch(name -> name.endsWith(".md5") || name.equals("note.txt"))
        .anyMatch(name -> name.endsWith(".sst"))
        .contains("CURRENT");
    stores.open(target).close();
  }

  @Test
  void anExistingDirectoryIsNeverTouched() throws IOException {
    Files.createDirectory(target);
    Files.writeString(target.resolve("CURRENT"), "somebody's");

    assertThatThrownBy(() -> stores.restore(checkpoint, target))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(target.toString())
        .hasMessageContaining("in use");
    assertThat(target.resolve("CURRENT")).hasContent("somebody's");
    assertThat(files(target)).hasSize(1);
  }

  @Test
  void aRestoreThatFailsInTheMiddleLeavesNoDirectoryAndTheNextOneSucceeds() throws IOException {
    Path broken = directory.resolve("broken");
    stores.restore(checkpoint, broken);
    Path manifest =
        files(broken).stream()
            .filter(file -> file.getFileName().toString().startsWith("MANIFEST-"))
            .findFirst()
            .orElseThrow();
    Files.delete(manifest);
    Files.createSymbolicLink(manifest, directory.resolve("nowhere")); // it cannot be copied

    assertThatThrownBy(() -> stores.restore(broken, target)).isInstanceOf(IOException.class);

    assertThat(target).doesNotExist();
    assertThat(stores.exists(target)).isFalse();
    // What a crash may leave, too.
    Path unfinished = directory.resolve("restored.restoring");
    assertThat(unfinished).isDirectory();
    Files.writeString(unfinished.resolve("CURRENT.half"), "of a crash");

    stores.restore(checkpoint, target);

    assertThat(unfinished).doesNotExist();
    try (RocksShardStore store = stores.open(target)) {
      assertThat(store.reader().head(ORDERS)).isEqualTo(2);
    }
  }

  @Test
  void aStoreIsOpenOnlyOnce() {
    try (RocksShardStore store = stores.open(directory.resolve("store"))) {
      assertThat(store.reader().head(ORDERS)).isEqualTo(2);
      assertThatThrownBy(() -> stores.open(directory.resolve("store")))
          .isInstanceOfSatisfying(StoreException.class, e -> assertThat(e.isDamage()).isFalse())
          .hasMessageContaining(directory.resolve("store").toString());
    }
  }

  @Test
  void aDirectoryThatCannotBeMadeIsNamed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> stores.open(file.resolve("store")))
        .isInstanceOf(StoreException.class)
        .hasMessageContaining(file.resolve("store").toString());
    assertThat(stores.exists(file.resolve("store"))).isFalse();
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
