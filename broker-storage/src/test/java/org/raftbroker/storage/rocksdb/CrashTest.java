package org.raftbroker.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.raftbroker.storage.rocksdb.EntryWriter.entry;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.ShardReader;

/**
 * What a killed process leaves: the directory is copied while the store is open and the copy is
 * opened. It holds all entries up to its applied index, whole, and nothing of later ones.
 */
final class CrashTest {
  private static final Subject EVEN = new Subject("even");
  private static final Subject ODD = new Subject("odd");
  private static final int ENTRIES = 400;
  private static final int PER_ENTRY = 20;

  /** Small, so that files are written and merged under the writes. */
  private static final StoreConfig SMALL = new StoreConfig(4 << 20, 8 << 20, 2, true);

  @TempDir Path directory;

  @Test
  void aCrashLeavesWholeEntriesUpToTheAppliedIndexAndNothingElse() {
    try (RocksStores stores = new RocksStores(SMALL, 1);
        RocksShardStore store = stores.open(directory.resolve("store"))) {
      long highest = -1;
      for (int i = 0; i < ENTRIES; i++) {
        writeEntry(store, i);
        if (i % 40 == 39) {
          Path copy = copy(directory.resolve("store"), directory.resolve("crash-" + i));
          try (RocksShardStore crashed = stores.open(copy)) {
            assertThat(crashed.appliedIndex()).isBetween(highest, store.appliedIndex());
            highest = crashed.appliedIndex();
            assertHoldsExactly(crashed, highest);
            // The log puts back what is missing.
            for (int again = (int) highest + 1; again <= i; again++) {
              writeEntry(crashed, again);
            }
            assertHoldsExactly(crashed, i);
          }
          delete(copy);
        }
      }
      assertThat(highest).as("some of it reached the disk by itself").isPositive();
    }
  }

  /** Every entry has the same messages on both subjects and says in them which entry it is. */
  private static void writeEntry(RocksShardStore store, int index) {
    EntryWriter next = entry(store, 1_000 + index);
    for (int i = 0; i < PER_ENTRY; i++) {
      byte[] body = ByteBuffer.allocate(4_000).putInt(index).array();
      next.append(EVEN, body, 1_000_000 + index).append(ODD, body);
    }
    next.reserve(ODD, 1).write();
    assertThat(store.appliedIndex()).isEqualTo(index);
  }

  private static void assertHoldsExactly(RocksShardStore store, long index) {
    long entries = index + 1;
    ShardReader reader = store.reader();
    List<StoredMessage> even = reader.read(EVEN, 1, Integer.MAX_VALUE);
    List<StoredMessage> odd = reader.read(ODD, 1, Integer.MAX_VALUE);
    assertThat(even).hasSize((int) (entries * PER_ENTRY));
    assertThat(odd).hasSize((int) (entries * PER_ENTRY));
    assertThat(reader.head(EVEN)).isEqualTo(entries * PER_ENTRY);
    assertThat(reader.head(ODD)).isEqualTo(entries * (PER_ENTRY + 1));
    assertThat(store.view().lastTimeMillis()).isEqualTo(entries == 0 ? 0 : 1_000 + index);
    assertThat(store.view().expiredMessages(Long.MAX_VALUE, Integer.MAX_VALUE))
        .hasSize(even.size());
    for (int i = 0; i < even.size(); i++) {
      long time = 1_000L + i / PER_ENTRY;
      assertThat(MessageFrame.publishedAtMillis(even.get(i).frame())).isEqualTo(time);
      assertThat(MessageFrame.publishedAtMillis(odd.get(i).frame())).isEqualTo(time);
    }
    for (long entry = 1; entry <= entries; entry++) {
      assertThat(reader.isReserved(ODD, entry * (PER_ENTRY + 1))).isTrue();
    }
  }

  /**
   * Files as a crash would leave them: all of one moment. The copy is begun anew if the list of
   * live files changed meanwhile.
   */
  private static Path copy(Path from, Path to) {
    while (true) {
      try {
        byte[] live = Files.readAllBytes(liveFiles(from));
        Files.createDirectories(to);
        for (Path file : files(from)) {
          Files.copy(file, to.resolve(file.getFileName()));
        }
        if (Arrays.equals(live, Files.readAllBytes(liveFiles(from)))
            && Arrays.equals(live, Files.readAllBytes(liveFiles(to)))) {
          return to;
        }
      } catch (NoSuchFileException e) {
        // dropped by a merge while it was copied
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      delete(to);
    }
  }

  private static Path liveFiles(Path store) throws IOException {
    return store.resolve(Files.readString(store.resolve("CURRENT")).strip());
  }

  private static List<Path> files(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  private static void delete(Path directory) {
    try {
      for (Path file : files(directory)) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
