package org.raftbroker.server.delivery;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.raftbroker.message.MessageFrame;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;

@Timeout(120)
final class SubjectTailTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final int KIB = 1024;

  @Test
  void emptyTailCannotTell() {
    var tail = new SubjectTail(new TailMemory(64 * KIB, 64 * KIB));

    assertThat(tail.firstAtOrAfter(1)).isNull();
  }

  @Test
  void findsEachMessageAndTheNextAfterAReservedRun() {
    var tail = new SubjectTail(new TailMemory(64 * KIB, 64 * KIB));

    tail.append(messages(5, 6, 7, 20, 21));
    tail.append(List.of(message(30, 21, 60)));

    assertThat(tail.firstAtOrAfter(4)).as("before the tail: perhaps in the store").isNull();
    assertThat(idAtOrAfter(tail, 5)).isEqualTo(5);
    assertThat(idAtOrAfter(tail, 7)).isEqualTo(7);
    assertThat(idAtOrAfter(tail, 8)).isEqualTo(20);
    assertThat(idAtOrAfter(tail, 22)).isEqualTo(30);
    assertThat(tail.firstAtOrAfter(31)).isNull();
  }

  @Test
  void findsEveryIdOverManyChunks() {
    var tail = new SubjectTail(new TailMemory(1024 * KIB, 1024 * KIB));
    long[] ids = LongStream.rangeClosed(1, 5000).map(i -> 3 * i).toArray();

    tail.append(messages(ids));

    for (long id = 3; id <= 15_000; id++) {
      assertThat(idAtOrAfter(tail, id)).isEqualTo((id + 2) / 3 * 3);
    }
  }

  @Test
  void oldestGoWhenTheSubjectHasTooMuch() {
    var memory = new TailMemory(1024 * KIB, 64 * KIB);
    var tail = new SubjectTail(memory);

    tail.append(messages(LongStream.rangeClosed(1, 10_000).toArray()));

    assertThat(memory.bytes()).isBetween(56L * KIB, 64L * KIB);
    assertThat(tail.firstAtOrAfter(9_000)).isNull();
    assertThat(idAtOrAfter(tail, 9_900)).isEqualTo(9_900);
  }

  @Test
  void busySubjectTakesTheMemoryOfAnIdleOne() {
    var memory = new TailMemory(64 * KIB, 64 * KIB);
    var idle = new SubjectTail(memory);
    var busy = new SubjectTail(memory);
    idle.append(messages(1, 2, 3));
    assertThat(idAtOrAfter(idle, 1)).isEqualTo(1);

    busy.append(messages(LongStream.rangeClosed(1, 10_000).toArray()));
    idle.append(messages(4));

    assertThat(memory.bytes()).isBetween(56L * KIB, 64L * KIB);
    assertThat(idle.firstAtOrAfter(3)).isNull();
    assertThat(idAtOrAfter(idle, 4)).isEqualTo(4);
  }

  @Test
  void messageThatAloneIsTooLargeIsNotKeptAndTheNextOneIs() {
    var memory = new TailMemory(64 * KIB, 64 * KIB);
    var tail = new SubjectTail(memory);
    tail.append(messages(1));

    tail.append(List.of(message(2, 1, 100 * KIB)));

    assertThat(tail.firstAtOrAfter(1)).isNull();
    assertThat(tail.firstAtOrAfter(2)).isNull();
    assertThat(memory.bytes()).isZero();
    tail.append(messages(3));
    assertThat(tail.firstAtOrAfter(2)).isNull();
    assertThat(idAtOrAfter(tail, 3)).isEqualTo(3);
  }

  @Test
  void messageThatWasGivenBeforeIsPassedOver() {
    var tail = new SubjectTail(new TailMemory(64 * KIB, 64 * KIB));
    tail.append(messages(1, 2, 3));

    tail.append(messages(1, 2));
    tail.append(messages(2, 3, 4));

    for (long id = 1; id <= 4; id++) {
      assertThat(idAtOrAfter(tail, id)).isEqualTo(id);
    }
    assertThat(tail.firstAtOrAfter(5)).isNull();
  }

  @Test
  void missingMessageMakesItForgetWhatWasBefore() {
    var tail = new SubjectTail(new TailMemory(64 * KIB, 64 * KIB));
    tail.append(messages(1, 2, 3));

    tail.append(List.of(message(7, 5, 60)));

    assertThat(tail.firstAtOrAfter(3)).isNull();
    assertThat(tail.firstAtOrAfter(4)).isNull();
    assertThat(idAtOrAfter(tail, 7)).isEqualTo(7);
  }

  @Test
  void resetLeavesNoHole() {
    var memory = new TailMemory(64 * KIB, 64 * KIB);
    var tail = new SubjectTail(memory);
    tail.append(messages(1, 2, 3));

    tail.reset();
    tail.append(messages(10));

    assertThat(tail.firstAtOrAfter(3)).isNull();
    assertThat(tail.firstAtOrAfter(4)).isNull();
    assertThat(idAtOrAfter(tail, 10)).isEqualTo(10);
  }

  @Test
  void closedTailTakesNothing() {
    var memory = new TailMemory(64 * KIB, 64 * KIB);
    var tail = new SubjectTail(memory);
    tail.append(messages(1));

    tail.close();
    tail.append(messages(2));

    assertThat(memory.bytes()).isZero();
    assertThat(tail.firstAtOrAfter(2)).isNull();
  }

  static Stream<Long> seeds() {
    return Stream.concat(LongStream.rangeClosed(1, 5).boxed(), Stream.of(System.nanoTime()));
  }

  /** Tails that push each other out of memory, each with one writer and readers without locks. */
  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void readersNeverMissAMessageWhileWritersEvict(long seed) {
    try {
      writeAndRead(new Random(seed));
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("with seed " + seed, e);
    }
  }

  private static void writeAndRead(Random random) {
    var memory = new TailMemory((8L + random.nextInt(32)) * KIB, (4L + random.nextInt(32)) * KIB);
    var found = new AtomicInteger();
    ExecutorService threads = Executors.newCachedThreadPool();
    List<CompletableFuture<?>> done = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      var history = new History(new Random(random.nextLong()), 20_000);
      var tail = new SubjectTail(memory);
      var writing = new Random(random.nextLong());
      done.add(CompletableFuture.runAsync(() -> history.writeTo(tail, writing), threads));
      for (int reader = 0; reader < 2; reader++) {
        done.add(CompletableFuture.runAsync(() -> found.addAndGet(history.readAll(tail)), threads));
      }
    }

    CompletableFuture.allOf(done.toArray(CompletableFuture[]::new)).join();
    threads.shutdown();

    assertThat(found).hasPositiveValue();
    assertThat(memory.bytes()).isPositive();
  }

  /** The messages of a subject, some ids reserved, and how far they are written. */
  private static final class History {
    private final StoredMessage[] messages;
    private volatile int written;

    History(Random random, int count) {
      messages = new StoredMessage[count];
      long previousId = 0;
      for (int i = 0; i < count; i++) {
        long id = previousId + (random.nextInt(20) == 0 ? 1 + random.nextInt(10) : 1);
        messages[i] = message(id, previousId, random.nextInt(300));
        previousId = id;
      }
    }

    void writeTo(SubjectTail tail, Random random) {
      while (written < messages.length) {
        int end = Math.min(messages.length, written + 1 + random.nextInt(40));
        // Now and then a replica is rebuilt: it skips some, or applies some once more.
        int from =
            switch (random.nextInt(500)) {
              case 0 -> random.nextInt(written, end);
              case 1 -> Math.max(0, written - random.nextInt(200));
              default -> written;
            };
        tail.append(Arrays.asList(messages).subList(from, end));
        written = end;
      }
    }

    /** Follows as a subscription does: what the tail cannot tell, the store would. */
    int readAll(SubjectTail tail) {
      int found = 0;
      int next = 0;
      long nextId = 1;
      while (next < messages.length) {
        int known = written;
        StoredMessage message = tail.firstAtOrAfter(nextId);
        if (message != null) {
          found++;
        } else if (next < known) {
          message = messages[next];
        } else {
          Thread.onSpinWait();
          continue;
        }
        assertThat(message).as("first at or after %s", nextId).isSameAs(messages[next]);
        nextId = message.id() + 1;
        next++;
      }
      return found;
    }
  }

  private static long idAtOrAfter(SubjectTail tail, long id) {
    return requireNonNull(tail.firstAtOrAfter(id)).id();
  }

  /** Messages of about 100 bytes; the first comes after the id before its own. */
  private static List<StoredMessage> messages(long... ids) {
    return IntStream.range(0, ids.length)
        .mapToObj(i -> message(ids[i], i == 0 ? ids[0] - 1 : ids[i - 1], 60))
        .toList();
  }

  private static StoredMessage message(long id, long previousId, int bodyBytes) {
    var body = ByteString.copyFrom(new byte[bodyBytes]);
    var content = new NewMessage(ORDERS, body, 0, Map.of(), null);
    byte[] frame = MessageFrame.encode(content, id, 1_700_000_000_000L, 0, previousId, 1);
    return new StoredMessage(ORDERS, id, 0, frame);
  }
}
