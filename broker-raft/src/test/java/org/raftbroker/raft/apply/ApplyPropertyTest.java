package org.raftbroker.raft.apply;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.io.TempDirFactory;
import org.raftbroker.raft.RandomCommands;
import org.raftbroker.raft.command.Command.OpenArchive;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Changes;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardView;
import org.raftbroker.storage.rocksdb.RocksShardStore;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.raftbroker.storage.rocksdb.StoreConfig;

/**
 * Any interleaving of appends, reserves, expiries, snapshots, restarts and replays, with
 * submissions that come twice, early or late and clocks that jump, leaves a replica with what the
 * {@link ShardModel} predicts, and answers what it predicts.
 */
final class ApplyPropertyTest {
  private static final int SEEDS = 200;

  @TempDir(factory = InMemory.class)
  Path directory;

  private final AtomicInteger directories = new AtomicInteger();

  @Test
  void anyInterleavingGivesThePredictedState() {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1)) {
      RandomCommands.forEachSeed(SEEDS, random -> check(stores, random, Applier::apply));
    }
  }

  @Test
  void theCheckFindsARunThatIsNotWritten() {
    assertIsFound(c -> copy(c, c.timeMillis(), List.of(), false, true));
  }

  @Test
  void theCheckFindsATimeThatRunsBackwards() {
    assertIsFound(
        (view, entry) -> {
          Applied right = Applier.apply(view, entry);
          Changes c = right.changes();
          return new Applied(
              copy(c, entry.leaderTimeMillis(), c.reserved(), false, true), right.outcomes());
        });
  }

  @Test
  void theCheckFindsAnOriginThatIsNotRemembered() {
    assertIsFound(c -> copy(c, c.timeMillis(), c.reserved(), true, true));
  }

  @Test
  void theCheckFindsAnExpiredMessageThatIsKept() {
    assertIsFound(c -> copy(c, c.timeMillis(), c.reserved(), false, false));
  }

  @Test
  void theCheckFindsSettingsThatAreNotWritten() {
    assertIsFound(c -> copy(c, c.timeMillis(), c.reserved(), false, true, Changes.Retention.NONE));
  }

  @Test
  void theCheckFindsARemovalThatIsForgotten() {
    assertIsFound(
        c -> {
          Changes.Retention all = c.retention();
          return copy(
              c,
              c.timeMillis(),
              c.reserved(),
              false,
              true,
              new Changes.Retention(
                  all.settings(), all.marks(), Map.of(), all.removed(), all.aging()));
        });
  }

  @Test
  void theCheckFindsAnAnswerThatIsOffByOne() {
    assertIsFound(
        (view, entry) -> {
          Applied right = Applier.apply(view, entry);
          List<Outcome> wrong = new ArrayList<>();
          for (Outcome outcome : right.outcomes()) {
            wrong.add(
                outcome.size() < 3
                    ? outcome
                    : new Outcome(
                        new long[] {outcome.id(0) + 1, outcome.id(1), outcome.id(2)}, new int[0]));
          }
          return new Applied(right.changes(), wrong);
        });
  }

  private void assertIsFound(UnaryOperator<Changes> mutation) {
    assertIsFound(
        (view, entry) -> {
          Applied right = Applier.apply(view, entry);
          return new Applied(mutation.apply(right.changes()), right.outcomes());
        });
  }

  private void assertIsFound(BiFunction<ShardView, Entry, Applied> brokenRule) {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1)) {
      assertThatThrownBy(
              () -> RandomCommands.forEachSeed(SEEDS, random -> check(stores, random, brokenRule)))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("failed with seed");
    }
  }

  private static Changes copy(
      Changes right,
      long timeMillis,
      List<Changes.ReservedRun> reserved,
      boolean withoutOrigins,
      boolean withExpired) {
    return copy(right, timeMillis, reserved, withoutOrigins, withExpired, right.retention());
  }

  private static Changes copy(
      Changes right,
      long timeMillis,
      List<Changes.ReservedRun> reserved,
      boolean withoutOrigins,
      boolean withExpired,
      Changes.Retention retention) {
    return new Changes(
        right.term(),
        right.logIndex(),
        timeMillis,
        right.subjects(),
        right.messages(),
        reserved,
        withoutOrigins ? Map.of() : right.origins(),
        right.forgottenOrigins(),
        right.keys(),
        withExpired ? right.expiredMessages() : List.of(),
        right.expiredKeys(),
        right.archive(),
        right.backlog(),
        right.archived(),
        retention,
        right.clusterMap());
  }

  private void check(
      RocksStores stores, Random random, BiFunction<ShardView, Entry, Applied> rule) {
    ShardModel model = new ShardModel();
    List<byte[]> log = new ArrayList<>();
    List<List<Outcome>> answers = new ArrayList<>();
    Path home = newDirectory();
    Path snapshot = null;
    long clock = 1_000_000;
    RocksShardStore store = stores.open(home);
    try {
      // The first bits of neighbouring seeds are alike.
      if (Long.bitCount(random.nextLong()) % 2 == 0) {
        appendEntry(
            store,
            model,
            log,
            answers,
            rule,
            clock,
            List.of(new Submission(Submission.NO_ORIGIN, 0, new OpenArchive(1))));
      }
      for (int step = 0; step < 60; step++) {
        switch (random.nextInt(25)) {
          case 0 -> {
            snapshot = newDirectory();
            store.checkpoint(snapshot);
          }
          case 1 -> {
            // A restart, after which the log is replayed from some earlier point.
            store.close();
            if (snapshot != null && random.nextBoolean()) {
              // A replica that starts anew from a snapshot.
              home = newDirectory();
              restore(stores, snapshot, home);
            }
            store = stores.open(home);
            replay(store, log, answers, random.nextInt(log.size() + 1), rule);
            model.assertHeldBy(store, RandomCommands.SUBJECTS);
          }
          default -> {
            clock += jump(random);
            appendEntry(store, model, log, answers, rule, clock, submissions(model, random));
          }
        }
      }
      model.assertHeldBy(store, RandomCommands.SUBJECTS);
    } finally {
      store.close();
    }
  }

  private static void appendEntry(
      RocksShardStore store,
      ShardModel model,
      List<byte[]> log,
      List<List<Outcome>> answers,
      BiFunction<ShardView, Entry, Applied> rule,
      long clock,
      List<Submission> submissions) {
    byte[] bytes = CommandCodec.encodeEntry(clock, submissions);
    Entry entry = CommandCodec.decodeEntry(1, log.size(), ByteBuffer.wrap(bytes));
    List<Outcome> expected = model.apply(entry);
    log.add(bytes);
    answers.add(expected);
    assertThat(apply(store, entry, rule)).as("answers of %s", entry).isEqualTo(expected);
  }

  private static void replay(
      RocksShardStore store,
      List<byte[]> log,
      List<List<Outcome>> answers,
      int from,
      BiFunction<ShardView, Entry, Applied> rule) {
    // A log is never cut off behind what the store has.
    for (int i = (int) Math.min(from, store.appliedIndex() + 1); i < log.size(); i++) {
      if (i > store.appliedIndex()) {
        Entry entry = CommandCodec.decodeEntry(1, i, ByteBuffer.wrap(log.get(i)));
        assertThat(apply(store, entry, rule)).isEqualTo(answers.get(i));
      }
    }
    assertThat(store.appliedIndex()).isEqualTo(log.size() - 1L);
  }

  private static List<Outcome> apply(
      RocksShardStore store, Entry entry, BiFunction<ShardView, Entry, Applied> rule) {
    Applied applied = rule.apply(store.view(), entry);
    store.write(applied.changes());
    return applied.outcomes();
  }

  /** Mostly onwards by moments, at times back or by hours. */
  private static long jump(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> -random.nextInt(20_000);
      case 1, 2, 3 -> random.nextInt(60_000);
      case 4 -> random.nextInt(4) == 0 ? 3_700_000 : 0;
      default -> random.nextInt(2_000);
    };
  }

  private static List<Submission> submissions(ShardModel model, Random random) {
    RandomCommands commands = new RandomCommands(random);
    List<Submission> submissions = new ArrayList<>();
    for (int left = 1 + random.nextInt(4); left > 0; left--) {
      long origin = random.nextInt(4); // 0: none
      long sequence = model.nextSequence(origin);
      switch (random.nextInt(6)) {
        case 0 -> sequence -= random.nextInt(12); // again; at times too late to be remembered
        case 1 -> sequence += random.nextInt(3); // at times before its turn
        default -> {}
      }
      submissions.add(new Submission(origin, sequence, commands.command()));
    }
    return submissions;
  }

  /** Hundreds of stores, each synced several times: in memory, where the system offers that. */
  static final class InMemory implements TempDirFactory {
    @Override
    public Path createTempDirectory(AnnotatedElementContext field, ExtensionContext test)
        throws IOException {
      Path memory = Path.of("/dev/shm");
      return Files.isWritable(memory)
          ? Files.createTempDirectory(memory, "apply")
          : Files.createTempDirectory("apply");
    }
  }

  private Path newDirectory() {
    return directory.resolve(String.valueOf(directories.getAndIncrement()));
  }

  private static void restore(RocksStores stores, Path snapshot, Path home) {
    try {
      stores.restore(snapshot, home);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
