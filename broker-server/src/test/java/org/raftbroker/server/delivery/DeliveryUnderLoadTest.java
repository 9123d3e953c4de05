package org.raftbroker.server.delivery;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.raftbroker.server.delivery.ReceivingClient.awaitUntil;

import com.google.protobuf.ByteString;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.ReplicaOfOne;

/**
 * One thread publishes, reserves ids and lets the replica skip ahead, while subscriptions come,
 * stall, read in bursts, are cut and resume, over tails so small that they cross between tail and
 * store all the time. Whatever happens, each gets every message once and in order.
 */
@Timeout(180)
final class DeliveryUnderLoadTest {
  private static final List<Subject> SUBJECTS =
      List.of(new Subject("orders"), new Subject("invoices"), new Subject("stock"));
  private static final int ENTRIES = 1500;
  private static final int KIB = 1024;

  @TempDir private Path directory;

  static Stream<Long> seeds() {
    return Stream.concat(LongStream.rangeClosed(1, 5).boxed(), Stream.of(System.nanoTime()));
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void everySubscriptionGetsEveryMessageOnceInOrder(long seed) {
    try {
      run(new Random(seed));
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("with seed " + seed, e);
    }
  }

  private void run(Random random) {
    var config =
        new DeliveryConfig(
            (4L + random.nextInt(60)) * KIB,
            (2L + random.nextInt(30)) * KIB,
            (1 + random.nextInt(16)) * KIB,
            1 + random.nextInt(2),
            Duration.ofMillis(100));
    try (var shard = new ReplicaOfOne(directory);
        var delivery =
            new CursorDelivery(
                new Shards(List.of(shard)),
                Followers.NONE,
                Interests.NONE,
                config,
                InstantSource.system(),
                (count, bytes) -> {});
        var loop1 = new EventLoop();
        var loop2 = new EventLoop()) {
      shard.listen(delivery);
      delivery.start();
      var publisher = new Publisher(shard, new Random(random.nextLong()));
      publisher.start();
      List<Reader> readers = new ArrayList<>();
      while (publisher.isAlive()) {
        if (readers.size() < 24 && random.nextInt(20) == 0) {
          EventLoop loop = random.nextBoolean() ? loop1 : loop2;
          Subject subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
          readers.add(new Reader(delivery, loop, subject, publisher, random));
        } else if (!readers.isEmpty()) {
          readers.get(random.nextInt(readers.size())).act(random);
        }
      }
      publisher.check();
      readers.forEach(Reader::readAll);
      assertThat(readers).isNotEmpty().allSatisfy(Reader::check);
      awaitUntil(() -> delivery.runsInMemory() == 0);
      readers.forEach(Reader::cut);
      assertThat(delivery.subscribedSubjects()).isZero();
      assertThat(delivery.tailBytes()).isZero();
    }
  }

  /** Asks for one entry after the other, and so knows which ids it will get. */
  private static final class Publisher extends Thread {
    private final ReplicaOfOne shard;
    private final Random random;
    private volatile boolean succeeded;
    // Written by this thread; read by others when it has ended.
    private final Map<Subject, List<Long>> idsBySubject = new HashMap<>();
    private final Map<Subject, Progress> progressBySubject = new HashMap<>();

    /** Ids so far of a subject; any thread. */
    private static final class Progress {
      private final AtomicLong asked = new AtomicLong();
      private final AtomicLong acknowledged = new AtomicLong();
    }

    Publisher(ReplicaOfOne shard, Random random) {
      this.shard = shard;
      this.random = random;
      for (Subject subject : SUBJECTS) {
        idsBySubject.put(subject, new ArrayList<>());
        progressBySubject.put(subject, new Progress());
      }
    }

    @Override
    public void run() {
      Queue<CompletableFuture<?>> underWay = new ArrayDeque<>();
      for (int i = 0; i < ENTRIES; i++) {
        underWay.add(next());
        if (underWay.size() > 8) {
          underWay.remove().join();
        }
      }
      underWay.forEach(CompletableFuture::join);
      succeeded = true;
    }

    private CompletableFuture<?> next() {
      if (random.nextInt(10) == 0) {
        Subject subject = anySubject();
        int count = 1 + random.nextInt(5);
        progress(subject).asked.addAndGet(count);
        return shard.reserve(subject, count);
      }
      List<NewMessage> messages = new ArrayList<>();
      int count = 1 + random.nextInt(60);
      for (int i = 0; i < count; i++) {
        messages.add(message(anySubject()));
      }
      Map<Subject, Long> asked = new HashMap<>();
      SUBJECTS.forEach(subject -> asked.put(subject, progress(subject).asked.get()));
      CompletableFuture<?> done =
          random.nextInt(30) == 0 ? shard.skipAhead(messages) : shard.publish(messages);
      return done.thenRun(() -> asked.forEach((s, id) -> progress(s).acknowledged.set(id)));
    }

    private NewMessage message(Subject subject) {
      ids(subject).add(progress(subject).asked.incrementAndGet());
      int bytes = random.nextInt(100) == 0 ? 20 * KIB : random.nextInt(400);
      return new NewMessage(subject, ByteString.copyFrom(new byte[bytes]), 0, Map.of(), null);
    }

    private Subject anySubject() {
      return SUBJECTS.get(random.nextInt(SUBJECTS.size()));
    }

    Progress progress(Subject subject) {
      return requireNonNull(progressBySubject.get(subject));
    }

    List<Long> ids(Subject subject) {
      return requireNonNull(idsBySubject.get(subject));
    }

    void check() {
      assertThat(succeeded).as("publishing succeeded").isTrue();
    }
  }

  /** Reads one subject over one or more subscriptions, each from where the one before ended. */
  private static final class Reader {
    private final Delivery delivery;
    private final EventLoop loop;
    private final Subject subject;
    private final Publisher publisher;
    private final List<ReceivingClient> clients = new ArrayList<>();
    private final Start start;
    private final long acknowledgedBefore;
    private final long askedWhenInPlace;

    Reader(Delivery delivery, EventLoop loop, Subject subject, Publisher publisher, Random random) {
      this.delivery = delivery;
      this.loop = loop;
      this.subject = subject;
      this.publisher = publisher;
      long head = publisher.progress(subject).acknowledged.get();
      this.start =
          switch (random.nextInt(4)) {
            case 0 -> new Start.New();
            case 1 -> new Start.Earliest();
            case 2 -> new Start.FromTime(0);
            default -> new Start.FromId(1 + random.nextLong(head + 100));
          };
      this.acknowledgedBefore = publisher.progress(subject).acknowledged.get();
      clients.add(
          new ReceivingClient(loop, random.nextInt(50))
              .subscribe(delivery, subject, start, random.nextBoolean()));
      this.askedWhenInPlace = publisher.progress(subject).asked.get();
    }

    private ReceivingClient client() {
      return clients.get(clients.size() - 1);
    }

    void act(Random random) {
      long last = client().lastId();
      if (last != 0 && random.nextInt(100) == 0) {
        cut();
        // More may have come before the cut.
        Start next = new Start.FromId(client().lastId() + 1);
        clients.add(
            new ReceivingClient(loop, random.nextInt(50))
                .subscribe(delivery, subject, next, random.nextBoolean()));
      } else {
        client().allow(1 + random.nextInt(random.nextInt(10) == 0 ? 2000 : 20));
      }
    }

    void cut() {
      client().cancel();
    }

    void readAll() {
      client().allow(ReceivingClient.ALL);
    }

    void check() {
      List<Long> all = publisher.ids(subject);
      long last = all.get(all.size() - 1);
      if (!(start instanceof Start.FromId from && from.id() > last)) {
        awaitUntil(() -> client().lastId() >= last);
      }
      long[] received =
          clients.stream().flatMapToLong(client -> Arrays.stream(client.ids())).toArray();
      long first = firstId(received);
      assertThat(received)
          .as("%s from %s on", subject, start)
          .isEqualTo(all.stream().mapToLong(Long::longValue).filter(id -> id >= first).toArray());
      clients.forEach(client -> assertThat(client.progress()).allSatisfy(this::checkProgress));
    }

    private void checkProgress(ReceivingClient.Progressed progress) {
      assertThat(progress.headId()).isLessThanOrEqualTo(publisher.progress(subject).asked.get());
      assertThat(progress.lastId()).isLessThanOrEqualTo(progress.headId());
    }

    private long firstId(long[] received) {
      if (start instanceof Start.FromId from) {
        return from.id();
      }
      if (start instanceof Start.New) {
        assertThat(received[0]).isGreaterThan(acknowledgedBefore);
        return publisher.ids(subject).stream()
            .filter(id -> id > askedWhenInPlace || id == received[0])
            .findFirst()
            .orElseThrow();
      }
      return 1;
    }
  }
}
