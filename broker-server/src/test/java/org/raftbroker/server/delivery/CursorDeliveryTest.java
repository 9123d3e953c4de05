package org.raftbroker.server.delivery;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.raftbroker.server.delivery.ReceivingClient.PATIENCE;
import static org.raftbroker.server.delivery.ReceivingClient.awaitUntil;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Reason;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.ReplicaOfOne;

@Timeout(120)
final class CursorDeliveryTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final Subject INVOICES = new Subject("invoices");
  private static final int KIB = 1024;

  @TempDir private Path directory;

  private final AtomicLong nowMillis = new AtomicLong(1_000_000);
  private final AtomicLong delivered = new AtomicLong();
  private final EventLoop loop = new EventLoop();
  private ReplicaOfOne shard;
  private CursorDelivery delivery;

  @BeforeEach
  void start() {
    InstantSource clock = () -> Instant.ofEpochMilli(nowMillis.get());
    shard = new ReplicaOfOne(0, directory, clock);
    delivery = delivery(DeliveryConfig.DEFAULT, clock);
  }

  @AfterEach
  void stop() {
    delivery.close();
    shard.close();
    loop.close();
  }

  @Test
  void newSubscriptionGetsWhatIsPublishedAfterItAndNothingBefore() {
    publish(ORDERS, 3);

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    publish(ORDERS, 2);

    client.awaitReceived(2);
    assertThat(client.ids()).containsExactly(4, 5);
  }

  @Test
  void earliestGetsEverything() {
    publish(ORDERS, 1000);

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.Earliest());
    client.awaitReceived(1000);
    publish(ORDERS, 10);

    client.awaitReceived(1010);
    assertThat(client.ids()).isEqualTo(ids(1, 1010));
  }

  @Test
  void fromIdBeginsThere() {
    publish(ORDERS, 10);

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.FromId(8));

    client.awaitReceived(3);
    assertThat(client.ids()).containsExactly(8, 9, 10);
  }

  @Test
  void fromIdPastTheHeadWaitsForThatId() {
    publish(ORDERS, 3);

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.FromId(6));
    publish(ORDERS, 1);
    publish(ORDERS, 3);

    client.awaitReceived(2);
    assertThat(client.ids()).containsExactly(6, 7);
  }

  @Test
  void fromTimeBeginsWithTheFirstMessageAcceptedThenOrLater() {
    publish(ORDERS, 2);
    nowMillis.addAndGet(1000);
    publish(ORDERS, 2);

    ReceivingClient client =
        ReceivingClient.fast(loop)
            .subscribe(delivery, ORDERS, new Start.FromTime(nowMillis.get() - 999));
    ReceivingClient later =
        ReceivingClient.fast(loop)
            .subscribe(delivery, ORDERS, new Start.FromTime(nowMillis.get() + 1));
    publish(ORDERS, 1);

    client.awaitReceived(3);
    later.awaitReceived(1);
    assertThat(client.ids()).containsExactly(3, 4, 5);
    assertThat(later.ids()).containsExactly(5);
  }

  @Test
  void nothingIsSentBeforeWhoeverWaitsForTheSubscriptionHasSeenIt() {
    publish(ORDERS, 5);
    var client = ReceivingClient.fast(loop);
    CountDownLatch busy = loop.hold();

    CompletableFuture<Integer> sentBefore =
        delivery
            .subscribe(ORDERS, new Start.Earliest(), true, client)
            .thenApply(subscription -> client.framesOnLoop());
    busy.countDown();

    assertThat(sentBefore.join()).isZero();
    client.awaitReceived(5);
  }

  @Test
  void subjectsOfOneEntryAreKeptApart() {
    ReceivingClient orders =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    ReceivingClient invoices =
        ReceivingClient.fast(loop).subscribe(delivery, INVOICES, new Start.New());

    shard
        .publish(
            List.of(
                message(ORDERS, 10),
                message(new Subject("nobody.listens"), 10),
                message(INVOICES, 10),
                message(ORDERS, 10)))
        .join();

    orders.awaitReceived(2);
    invoices.awaitReceived(1);
    assertThat(orders.ids()).containsExactly(1, 2);
    assertThat(invoices.ids()).containsExactly(1);
  }

  @Test
  void reservedIdsAreSkippedAtTheHeadInTheTailAndInTheStore() {
    publish(ORDERS, 2);
    shard.reserve(ORDERS, 10).join();
    publish(ORDERS, 1);

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.FromId(4));
    client.awaitReceived(1);
    publish(ORDERS, 1);
    shard.reserve(ORDERS, 5).join();
    publish(ORDERS, 1);
    client.awaitReceived(3);
    shard.reserve(ORDERS, 1).join();
    publish(ORDERS, 1);

    client.awaitReceived(4);
    assertThat(client.ids()).containsExactly(13, 14, 20, 22);
  }

  @Test
  void expiredMessagesAreNotDeliveredFromTheTailNorFromTheStore() {
    var slow = new ReceivingClient(loop, 1).subscribe(delivery, ORDERS, new Start.New());
    publish(ORDERS, 1);
    publishExpiring(ORDERS, 5);
    publish(ORDERS, 1);
    slow.awaitReceived(1);
    nowMillis.addAndGet(5_000);

    slow.allow(1);
    ReceivingClient fromStore =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.Earliest());
    slow.awaitReceived(2);
    fromStore.awaitReceived(2);
    shard.expire(100).join();
    ReceivingClient afterRemoval =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.Earliest());
    afterRemoval.awaitReceived(2);

    assertThat(slow.ids()).containsExactly(1, 3);
    assertThat(fromStore.ids()).containsExactly(1, 3);
    assertThat(afterRemoval.ids()).containsExactly(1, 3);
  }

  @Test
  void messagesLargerThanTheTailComeFromTheStore() {
    delivery.close();
    delivery = delivery(config(64 * KIB, 64 * KIB, 4 * KIB), InstantSource.system());
    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());

    publish(ORDERS, 2);
    shard.publish(List.of(message(ORDERS, 3 * 1024 * KIB))).join();
    publish(ORDERS, 2);

    client.awaitReceived(5);
    assertThat(client.ids()).isEqualTo(ids(1, 5));
    assertThat(delivery.tailBytes()).isLessThanOrEqualTo(64 * KIB);
  }

  @Test
  void stalledSubscriptionsHoldNothingAndLoseNothing() {
    delivery.close();
    delivery = delivery(config(256 * KIB, 128 * KIB, 64 * KIB), InstantSource.system());
    List<ReceivingClient> clients = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      clients.add(new ReceivingClient(loop, 1).subscribe(delivery, ORDERS, new Start.New()));
    }

    for (int i = 0; i < 40; i++) {
      publish(ORDERS, 100);
    }
    for (int second = 1; second <= 20; second++) {
      int received = second;
      clients.forEach(client -> client.awaitReceived(received));
      clients.forEach(client -> client.allow(1));
    }
    clients.forEach(client -> client.awaitReceived(21));

    // Messages of 1 KiB: 4 MB behind, 50 times.
    awaitUntil(() -> delivery.runsInMemory() == 0);
    assertThat(delivery.tailBytes()).isLessThanOrEqualTo(128 * KIB);
    assertThat(delivery.lag()).isEqualTo(new Lag(4000 - 21, 50 * (4000 - 21)));
    assertThat(delivery.furthestBehind(10))
        .hasSize(10)
        .allSatisfy(
            status -> {
              assertThat(status.nextId()).isEqualTo(22);
              assertThat(status.headId()).isEqualTo(4000);
              assertThat(status.lag()).isEqualTo(4000 - 21);
              assertThat(status.stalled()).isTrue();
              assertThat(status.client()).isEqualTo("a test");
            });
    clients.forEach(client -> client.allow(ReceivingClient.ALL));
    clients.forEach(client -> client.awaitReceived(4000));
    assertThat(clients).allSatisfy(client -> assertThat(client.ids()).isEqualTo(ids(1, 4000)));
    assertThat(delivery.lag()).isEqualTo(new Lag(0, 0));
    assertThat(delivered.get()).isEqualTo(50 * 4000);
  }

  @Test
  void theFurthestBehindAreKnownAndSinceWhen() {
    publish(ORDERS, 10);
    nowMillis.set(2_000_000);
    ReceivingClient fast =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.Earliest());
    ReceivingClient slow =
        new ReceivingClient(loop, 4).subscribe(delivery, ORDERS, new Start.Earliest());
    ReceivingClient slower =
        new ReceivingClient(loop, 2).subscribe(delivery, ORDERS, new Start.Earliest());
    fast.awaitReceived(10);
    slow.awaitReceived(4);
    slower.awaitReceived(2);
    awaitUntil(() -> delivery.furthestBehind(3).get(2).lag() == 0);
    nowMillis.set(3_000_000);

    List<SubscriptionStatus> furthest = delivery.furthestBehind(3);
    slow.allow(ReceivingClient.ALL);
    slow.awaitReceived(10);

    assertThat(furthest).extracting(SubscriptionStatus::lag).containsExactly(8L, 6L, 0L);
    assertThat(furthest)
        .extracting(SubscriptionStatus::behindSinceMillis)
        .containsExactly(2_000_000L, 2_000_000L, 0L);
    assertThat(furthest).extracting(SubscriptionStatus::startedAtMillis).containsOnly(2_000_000L);
    assertThat(delivery.furthestBehind(1)).extracting(SubscriptionStatus::lag).containsExactly(8L);
    awaitUntil(() -> delivery.furthestBehind(2).get(1).behindSinceMillis() == 0);
  }

  @Test
  void cutSubscriptionResumesFromTheNextId() {
    ReceivingClient before =
        new ReceivingClient(loop, 3).subscribe(delivery, ORDERS, new Start.New());
    publish(ORDERS, 10);
    before.awaitReceived(3);

    before.cancel();
    ReceivingClient after =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.FromId(4));
    publish(ORDERS, 2);

    after.awaitReceived(9);
    assertThat(before.ids()).containsExactly(1, 2, 3);
    assertThat(after.ids()).isEqualTo(ids(4, 12));
  }

  @Test
  void messageThatComesWhenTheRunHasJustLookedForMoreIsNotOverlooked() {
    ReceivingClient client =
        ReceivingClient.fast(loop)
            .atFirstFlush(() -> publish(ORDERS, 1))
            .subscribe(delivery, ORDERS, new Start.New());

    publish(ORDERS, 1);

    client.awaitReceived(2);
    assertThat(client.ids()).containsExactly(1, 2);
  }

  @Test
  void oneLongRunLeavesRoomForOtherTasksOfTheEventLoop() {
    var client = new ReceivingClient(loop, 0).subscribe(delivery, ORDERS, new Start.New());
    shard.publish(Collections.nCopies(5000, message(ORDERS, 10))).join();
    loop.call(() -> null);

    int sentBeforeTheNextTask =
        loop.call(
            () -> {
              client.allowOnLoop(ReceivingClient.ALL);
              return client.receivedSoFar();
            });

    client.awaitReceived(5000);
    assertThat(sentBeforeTheNextTask).isEqualTo(256);
    assertThat(client.ids()).isEqualTo(ids(1, 5000));
  }

  @Test
  void progressComesOnceEverythingWasSentAndThenAgainAndAgain() {
    delivery.close();
    delivery =
        delivery(
            new DeliveryConfig(256 * KIB, 64 * KIB, 4 * KIB, 1, Duration.ofMillis(100)),
            InstantSource.system());
    delivery.start();
    publish(ORDERS, 100);
    var client =
        new ReceivingClient(loop, 50).subscribe(delivery, ORDERS, new Start.Earliest(), true);
    ReceivingClient silent =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.Earliest(), false);
    client.awaitReceived(50);

    assertThat(client.progress()).isEmpty();
    client.allow(ReceivingClient.ALL);
    awaitUntil(() -> client.progress().size() >= 3);
    shard.reserve(ORDERS, 7).join();
    awaitUntil(() -> lastProgress(client).headId() == 107);
    publish(ORDERS, 1);
    awaitUntil(() -> lastProgress(client).headId() == 108);

    assertThat(client.progress().get(0)).isEqualTo(new ReceivingClient.Progressed(100, 100, 100));
    assertThat(lastProgress(client).afterMessages()).isEqualTo(101);
    assertThat(silent.progress()).isEmpty();
  }

  @Test
  void progressOfASubscriptionPastTheHeadNamesTheHead() {
    publish(ORDERS, 3);

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.FromId(100), true);

    awaitUntil(() -> !client.progress().isEmpty());
    assertThat(client.progress()).containsExactly(new ReceivingClient.Progressed(3, 0, 0));
  }

  @Test
  void snapshotThatSkipsMessagesSendsSubscriptionsToTheStore() {
    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    publish(ORDERS, 3);
    client.awaitReceived(3);

    shard.skipAhead(List.of(message(ORDERS, 10), message(ORDERS, 10))).join();
    client.awaitReceived(5);
    shard.skipAhead(List.of(message(ORDERS, 10))).join();
    publish(ORDERS, 1);

    client.awaitReceived(7);
    assertThat(client.ids()).isEqualTo(ids(1, 7));
  }

  @Test
  void replicaThatIsRebuiltRepeatsNothingAndSendsThoseBehindElsewhere(@TempDir Path other) {
    delivery.close();
    delivery = delivery(config(64 * KIB, 64 * KIB, 64 * KIB), InstantSource.system());
    ReceivingClient upToDate =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    var behind = new ReceivingClient(loop, 1).subscribe(delivery, ORDERS, new Start.New());
    publish(ORDERS, 200);
    upToDate.awaitReceived(200);
    behind.awaitReceived(1);

    shard.startEmpty(other);
    behind.allow(1);
    BrokerException end = behind.awaitEnd();
    publish(ORDERS, 200);
    publish(ORDERS, 1);

    assertThat(end.reason()).isEqualTo(Reason.SHARD_STOPPED);
    assertThat(end).hasMessageContaining("is rebuilding shard 0");
    upToDate.awaitReceived(201);
    assertThat(upToDate.ids()).isEqualTo(ids(1, 201));
  }

  @Test
  void broadcastReachesThoseThatAreReady() {
    ReceivingClient ready = ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    var stalled = new ReceivingClient(loop, 1).subscribe(delivery, ORDERS, new Start.New());
    ReceivingClient other =
        ReceivingClient.fast(loop).subscribe(delivery, INVOICES, new Start.New());
    publish(ORDERS, 2);
    ready.awaitReceived(2);
    stalled.awaitReceived(1);
    byte[] frame = {1, 2, 3};

    int reached = delivery.broadcast(ORDERS, frame);

    assertThat(reached).isEqualTo(1);
    assertThat(ready.broadcasts()).containsExactly(frame);
    assertThat(stalled.broadcasts()).isEmpty();
    assertThat(other.broadcasts()).isEmpty();
    stalled.allow(1);
    stalled.awaitReceived(2);
    assertThat(delivery.broadcast(new Subject("nobody.listens"), frame)).isZero();
  }

  @Test
  void broadcastsThatAnEventLoopCannotKeepUpWithAreMissedNotPiledUp() {
    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    byte[] frame = new byte[1024 * KIB];
    CountDownLatch busy = loop.hold();

    int reached = IntStream.range(0, 100).map(i -> delivery.broadcast(ORDERS, frame)).sum();
    busy.countDown();

    assertThat(reached).isEqualTo(4);
    assertThat(client.broadcasts()).hasSize(4);
    assertThat(delivery.broadcast(ORDERS, new byte[16 * 1024 * KIB])).isEqualTo(1);
  }

  @Test
  void endAllEndsEverySubscriptionAndEachLaterOne() {
    ReceivingClient first = ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    var second = new ReceivingClient(loop, 0).subscribe(delivery, INVOICES, new Start.New());
    var reason = new BrokerException(Reason.SHUTTING_DOWN, "this node is stopping");

    delivery.endAll(reason);

    assertThat(first.awaitEnd()).isSameAs(reason);
    assertThat(second.awaitEnd()).isSameAs(reason);
    assertThat(delivery.subscriptions()).isZero();
    assertThat(delivery.subscribe(ORDERS, new Start.New(), false, ReceivingClient.fast(loop)))
        .failsWithin(PATIENCE)
        .withThrowableThat()
        .withCause(reason);
    publish(ORDERS, 1);
    assertThat(first.ids()).isEmpty();
    assertThat(delivery.tailBytes()).isZero();
  }

  @Test
  void storeThatFailsEndsTheStreamAndSaysWhereToGo() {
    publish(ORDERS, 100);
    var client = new ReceivingClient(loop, 1).subscribe(delivery, ORDERS, new Start.Earliest());
    client.awaitReceived(1);

    shard.closeStore();
    client.allow(ReceivingClient.ALL);

    BrokerException end = client.awaitEnd();
    assertThat(end.reason()).isEqualTo(Reason.SHARD_STOPPED);
    assertThat(end).hasMessageContaining("shard 0").hasMessageContaining("Resume");
    awaitUntil(() -> delivery.runsInMemory() == 0);
  }

  @Test
  void subscriptionThatCannotBePutInPlaceFailsAndLeavesNothing() {
    shard.close();

    CompletableFuture<Subscription> inPlace =
        delivery.subscribe(ORDERS, new Start.New(), false, ReceivingClient.fast(loop));

    assertThat(reasonOf(inPlace)).isEqualTo(Reason.SHUTTING_DOWN);
    assertThat(delivery.subscribedSubjects()).isZero();
  }

  @Test
  void tailIsThereForAsLongAsSomebodyListens() {
    publish(ORDERS, 10);
    assertThat(delivery.tailBytes()).isZero();

    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    publish(ORDERS, 10);
    client.awaitReceived(10);
    assertThat(delivery.tailBytes()).isGreaterThan(10 * KIB);

    client.cancel();
    client.cancel();

    assertThat(delivery.tailBytes()).isZero();
    assertThat(delivery.subscriptions()).isZero();
    assertThat(delivery.subscribedSubjects()).isZero();
  }

  @Test
  void tenThousandSubscriptionsThatComeAndGoLeaveNothing() {
    int cycles = 10_000;
    var publishing = new Publishing();
    publishing.start();
    try {
      List<CompletableFuture<?>> gone = new ArrayList<>();
      for (int i = 0; i < cycles; i++) {
        Start start = i % 2 == 0 ? new Start.New() : new Start.Earliest();
        var client = new ReceivingClient(loop, i % 5);
        gone.add(
            delivery
                .subscribe(new Subject("orders." + i % 3), start, i % 4 == 0, client)
                .thenAccept(subscription -> loop.execute(subscription::cancel)));
        if (gone.size() == 100) {
          CompletableFuture.allOf(gone.toArray(CompletableFuture[]::new)).join();
          gone.clear();
        }
      }
      loop.call(() -> null);
    } finally {
      publishing.finish();
    }

    assertThat(publishing.published()).isPositive();
    assertThat(delivery.subscriptions()).isZero();
    assertThat(delivery.subscribedSubjects()).isZero();
    assertThat(delivery.tailBytes()).isZero();
    awaitUntil(() -> delivery.runsInMemory() == 0);
  }

  @Test
  void subscriptionsOfAnEventLoopThatHasEndedAreForgotten() {
    EventLoop other = new EventLoop();
    ReceivingClient.fast(other).subscribe(delivery, ORDERS, new Start.New());
    ReceivingClient client =
        ReceivingClient.fast(loop).subscribe(delivery, ORDERS, new Start.New());
    other.close();

    publish(ORDERS, 1);

    client.awaitReceived(1);
    assertThat(delivery.subscriptions()).isEqualTo(1);
  }

  private final class Publishing extends Thread {
    private volatile boolean over;
    private int published;

    @Override
    public void run() {
      while (!over) {
        shard
            .publish(
                List.of(
                    message(new Subject("orders.0"), 10),
                    message(new Subject("orders.1"), 10),
                    message(new Subject("orders.2"), 10)))
            .join();
        published++;
      }
    }

    void finish() {
      over = true;
      try {
        join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }

    int published() {
      return published;
    }
  }

  private CursorDelivery delivery(DeliveryConfig config, InstantSource clock) {
    var made =
        new CursorDelivery(
            new Shards(List.of(shard)),
            Followers.NONE,
            Interests.NONE,
            config,
            clock,
            (messages, frameBytes) -> delivered.addAndGet(messages));
    shard.listen(made);
    return made;
  }

  private static DeliveryConfig config(long tailBytes, long subjectTailBytes, int readBytes) {
    return new DeliveryConfig(tailBytes, subjectTailBytes, readBytes, 2, Duration.ofSeconds(10));
  }

  private static ReceivingClient.Progressed lastProgress(ReceivingClient client) {
    List<ReceivingClient.Progressed> progress = client.progress();
    return progress.get(progress.size() - 1);
  }

  private void publish(Subject subject, int count) {
    shard.publish(IntStream.range(0, count).mapToObj(i -> message(subject, KIB)).toList()).join();
  }

  private void publishExpiring(Subject subject, int seconds) {
    ByteString body = ByteString.copyFromUtf8("soon gone");
    shard.publish(List.of(new NewMessage(subject, body, seconds, Map.of(), null))).join();
  }

  private static NewMessage message(Subject subject, int bodyBytes) {
    return new NewMessage(subject, ByteString.copyFrom(new byte[bodyBytes]), 0, Map.of(), null);
  }

  private static long[] ids(long from, long to) {
    return LongStream.rangeClosed(from, to).toArray();
  }

  private static Reason reasonOf(CompletableFuture<?> failed) {
    try {
      failed.join();
      throw new AssertionError("it did not fail");
    } catch (CompletionException e) {
      assertThat(e).hasCauseInstanceOf(BrokerException.class);
      return ((BrokerException) requireNonNull(e.getCause())).reason();
    }
  }
}
