package org.raftbroker.raft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.apply.Applied;
import org.raftbroker.raft.apply.Applier;
import org.raftbroker.raft.command.CommandCodec;
import org.raftbroker.raft.command.Entry;
import org.raftbroker.raft.command.Submission;
import org.raftbroker.storage.Outcome;
import org.raftbroker.storage.ShardStore;
import org.raftbroker.storage.rocksdb.RocksStores;
import org.raftbroker.storage.rocksdb.StoreConfig;

class GroupCommitTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final GroupCommitConfig PATIENT =
      new GroupCommitConfig(64 * 1024, 64, 1 << 20, Duration.ofSeconds(30));

  @TempDir Path directory;
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(2);

  @AfterEach
  void stopTimer() throws Exception {
    timer.shutdownNow();
    assertThat(timer.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whateverFailsOnTheWayEachMessageIsAppliedOnceAndInOrder(long seed) throws Exception {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        UnreliableLog log = new UnreliableLog(stores.open(directory), seed)) {
      GroupCommit here = groupCommit("n1", log, PATIENT);
      GroupCommit there = groupCommit("n2", log, PATIENT);
      List<CompletableFuture<Outcome>> fromHere = new ArrayList<>();
      List<CompletableFuture<Outcome>> fromThere = new ArrayList<>();
      for (int i = 0; i < 1_000; i++) {
        fromHere.add(here.publish(List.of(message("here-" + i))));
        fromThere.add(there.publish(List.of(message("there-" + i))));
      }

      Map<Long, String> bodyById = new HashMap<>();
      recordRising(fromHere, "here-", bodyById);
      recordRising(fromThere, "there-", bodyById);

      assertThat(log.bodyById()).as("seed %d", seed).isEqualTo(bodyById).hasSize(2_000);
      assertThat(log.failures).as("the log was not unreliable").isPositive();
    }
  }

  @Test
  void aPublishThatNobodyAcknowledgesIsRefusedInTime() throws Exception {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        UnreliableLog log = new UnreliableLog(stores.open(directory), 1)) {
      log.goDeaf();
      GroupCommitConfig impatient =
          new GroupCommitConfig(64 * 1024, 64, 1 << 20, Duration.ofMillis(300));
      GroupCommit commit = groupCommit("n1", log, impatient);

      assertRefused(commit.publish(List.of(message("a"))), Reason.NO_QUORUM);
      log.hearAgain();
      assertThat(commit.publish(List.of(message("b"))).get(30, TimeUnit.SECONDS).size()).isOne();
    }
  }

  @Test
  void whatWaitsIsBounded() throws Exception {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        UnreliableLog log = new UnreliableLog(stores.open(directory), 1)) {
      log.goDeaf();
      GroupCommit commit = groupCommit("n1", log, PATIENT);
      NewMessage large = message("x".repeat(600_000));
      var unused = commit.publish(List.of(large));

      assertRefused(commit.publish(List.of(large)), Reason.TOO_MANY_PENDING);
    }
  }

  @Test
  void aClosedOneTakesNoMore() throws Exception {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        UnreliableLog log = new UnreliableLog(stores.open(directory), 1)) {
      GroupCommit commit = groupCommit("n1", log, PATIENT);
      CompletableFuture<Outcome> before = commit.publish(List.of(message("a")));
      commit.close().get(30, TimeUnit.SECONDS);

      assertThat(before).isCompleted();
      assertRefused(commit.publish(List.of(message("b"))), Reason.SHUTTING_DOWN);
    }
  }

  @Test
  void aListLargerThanABatchStaysOneUnit() throws Exception {
    try (RocksStores stores = new RocksStores(StoreConfig.DEFAULT, 1);
        UnreliableLog log = new UnreliableLog(stores.open(directory), 7)) {
      GroupCommit commit = groupCommit("n1", log, PATIENT);
      List<NewMessage> messages = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        messages.add(message("m" + i));
      }

      Outcome outcome = commit.publish(messages).get(30, TimeUnit.SECONDS);

      assertThat(outcome.size()).isEqualTo(500);
      for (int i = 0; i < 500; i++) {
        assertThat(outcome.id(i)).isEqualTo(i + 1);
      }
    }
  }

  private GroupCommit groupCommit(String self, UnreliableLog log, GroupCommitConfig config) {
    EntryQueue entries = new EntryQueue(0, log, UnreliableLog.UNOBSERVED, config.maxBatchBytes());
    PeerLink nobody =
        (member, shard, submissions) -> CompletableFuture.failedFuture(new IllegalStateException());
    return new GroupCommit(
        0,
        self,
        config,
        log,
        entries,
        nobody,
        UnreliableLog.UNOBSERVED,
        timer,
        System::nanoTime,
        5_000);
  }

  private static void recordRising(
      List<CompletableFuture<Outcome>> outcomes, String prefix, Map<Long, String> bodyById)
      throws Exception {
    long previous = 0;
    for (int i = 0; i < outcomes.size(); i++) {
      long id = outcomes.get(i).get(60, TimeUnit.SECONDS).id(0);
      assertThat(id).isGreaterThan(previous);
      previous = id;
      assertThat(bodyById.put(id, prefix + i)).isNull();
    }
  }

  private static void assertRefused(CompletableFuture<Outcome> outcome, Reason reason) {
    assertThatThrownBy(() -> outcome.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            BrokerException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static NewMessage message(String body) {
    return new NewMessage(ORDERS, ByteString.copyFromUtf8(body), 0, Map.of(), null);
  }

  /**
   * A log that loses entries, applies some without saying so, and answers late and out of order, as
   * a change of leaders does. What it applies goes through the real rules into a real store.
   */
  private final class UnreliableLog implements ReplicatedLog, AutoCloseable {
    static final CommitObserver UNOBSERVED =
        new CommitObserver() {
          @Override
          public void onCommitted(int shard, int messages, int bytes, long nanos) {}

          @Override
          public void onRetry(int shard, String cause) {}
        };

    private final ShardStore store;
    private final Random random;
    private long lastIndex = -1;
    private boolean deaf;
    private final List<CompletableFuture<List<Outcome>>> unheard = new ArrayList<>();
    int failures;

    UnreliableLog(ShardStore store, long seed) {
      this.store = store;
      this.random = new Random(seed);
    }

    @Override
    public synchronized CompletableFuture<List<Outcome>> append(List<Submission> submissions) {
      CompletableFuture<List<Outcome>> answer = new CompletableFuture<>();
      if (deaf) {
        unheard.add(answer);
        return answer;
      }
      int fate = random.nextInt(10);
      List<Outcome> outcomes = fate == 0 ? List.of() : apply(submissions);
      boolean told = fate > 2;
      if (!told) {
        failures++;
      }
      Runnable tell =
          () -> {
            if (told) {
              answer.complete(outcomes);
            } else {
              answer.completeExceptionally(new CompletionException("leader lost", null));
            }
          };
      var unused = timer.schedule(tell, random.nextInt(3_000), TimeUnit.MICROSECONDS);
      return answer;
    }

    /** As a leader without followers: nothing comes of an entry. */
    synchronized void goDeaf() {
      deaf = true;
    }

    /** As when it steps down: what was proposed fails. */
    void hearAgain() {
      List<CompletableFuture<List<Outcome>>> lost;
      synchronized (this) {
        deaf = false;
        lost = List.copyOf(unheard);
      }
      lost.forEach(answer -> answer.completeExceptionally(new IllegalStateException("deposed")));
    }

    private List<Outcome> apply(List<Submission> submissions) {
      List<Submission> decoded =
          CommandCodec.fromProto(CommandCodec.toProto(submissions).getSubmissionsList());
      Applied applied = Applier.apply(store.view(), new Entry(1, ++lastIndex, 1_000, decoded));
      store.write(applied.changes());
      return applied.outcomes();
    }

    synchronized Map<Long, String> bodyById() throws Exception {
      Map<Long, String> bodies = new HashMap<>();
      for (StoredMessage message : store.reader().read(ORDERS, 1, Integer.MAX_VALUE)) {
        bodies.put(
            message.id(),
            org.raftbroker.proto.MessageResponse.parseFrom(message.frame())
                .getBody()
                .toStringUtf8());
      }
      return bodies;
    }

    @Override
    public boolean leads() {
      return true;
    }

    @Override
    public @Nullable String leaderId() {
      return "n1";
    }

    @Override
    public long leaderlessMillis() {
      return 0;
    }

    @Override
    public CompletableFuture<Void> readBarrier() {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public @Nullable String problem() {
      return null;
    }

    @Override
    public void close() {
      store.close();
    }
  }
}
