package org.raftbroker.storage.rocksdb;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.raftbroker.storage.rocksdb.EntryWriter.entry;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.StoreException;

final class FullDiskTest {
  private static final Subject ORDERS = new Subject("orders");

  @TempDir Path disk;
  private boolean mounted;

  @BeforeEach
  void mount() throws IOException, InterruptedException {
    mounted = run("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk.toString()) == 0;
    assumeTrue(mounted, "skipped: needs root to mount a tmpfs");
  }

  @AfterEach
  void unmount() throws IOException, InterruptedException {
    if (mounted) {
      assertThat(run("umount", disk.toString())).isZero();
    }
  }

  @Test
  void aFullDiskStopsWritingAndKeepsWhatWasThere() {
    Path directory = disk.resolve("store");
    StoreConfig small = new StoreConfig(4 << 20, 8 << 20, 2, true);
    try (RocksStores stores = new RocksStores(small, 1);
        RocksShardStore store = stores.open(directory)) {
      StoreException refusal =
          catchThrowableOfType(
              StoreException.class,
              () -> {
                for (int i = 0; i < 200; i++) {
                  write(store, i);
                }
              });
      assertThat(refusal).as("24 MiB cannot take 50 MB").isNotNull();
      assertThat(refusal.isDamage()).isFalse();
      assertThat(refusal).hasMessageContaining(directory.toString());
      long applied = store.appliedIndex();

      StoreException again =
          catchThrowableOfType(StoreException.class, () -> write(store, (int) applied + 1));
      assertThat(again).hasMessageContaining("takes no more writes");
      assertThat(store.appliedIndex()).isEqualTo(applied);
      // Reads go on, and show whole entries only.
      assertThat(store.reader().head(ORDERS)).isEqualTo(applied + 1);
      assertThat(store.reader().message(ORDERS, applied + 1)).isNotNull();
      assertThat(store.reader().message(ORDERS, applied + 2)).isNull();
    }
  }

  private static void write(RocksShardStore store, int index) {
    byte[] body = new byte[250_000];
    new Random(index).nextBytes(body);
    entry(store, 1_000 + index).append(ORDERS, body).write();
  }

  private static int run(String... command) throws IOException, InterruptedException {
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start()
        .waitFor();
  }
}
