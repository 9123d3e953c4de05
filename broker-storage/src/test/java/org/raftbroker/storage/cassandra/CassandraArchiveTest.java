package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;
import static org.raftbroker.storage.cassandra.Messages.NEVER;
import static org.raftbroker.storage.cassandra.Messages.message;
import static org.raftbroker.storage.cassandra.Messages.messages;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.cql.Row;
import com.google.protobuf.ByteString;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.message.NewMessage;
import org.raftbroker.message.RandomMessages;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.storage.Archive.ArchivedRun;
import org.raftbroker.testservers.NeedsCassandra;

/** Against a real Cassandra. Each test has subjects of its own. */
@NeedsCassandra
@ExtendWith(WithCassandra.class)
final class CassandraArchiveTest {
  private static final int ALL = Integer.MAX_VALUE;
  private static final int LARGE = 5 * 1024 * 1024;

  private static CassandraConfig config;
  private static CassandraArchive archive;
  private static CqlSession session;

  @BeforeAll
  static void connect(CassandraServer server) {
    config = server.config();
    archive = server.archive(config);
    session = server.session();
  }

  @AfterAll
  static void close() {
    archive.close();
    session.close();
  }

  @Test
  void messagesOfEveryShapeComeBackAsTheyWereWritten() {
    RandomMessages.forEachSeed(
        20,
        random -> {
          RandomMessages shapes = new RandomMessages(random);
          Subject subject = new Subject("shapes.s" + random.nextLong(1L << 50));
          List<StoredMessage> written = new ArrayList<>();
          for (long id = 1; id <= 20; id++) {
            written.add(message(shapes.message(subject), id, 1_000 + id, NEVER));
          }

          write(written);

          assertSame(read(subject, 1, 20, ALL), written, 20);
          for (StoredMessage message : written) {
            assertThat(fetch(subject, message.id()).frame()).isEqualTo(message.frame());
          }
        });
  }

  @Test
  void headersAndExpiryAreKept() {
    Subject subject = new Subject("headers");
    long expires = System.currentTimeMillis() + 3_600_000;
    StoredMessage written =
        message(
            new NewMessage(
                subject, ByteString.copyFromUtf8("body"), 0, Map.of("a", "1", "ä", "😀"), null),
            7,
            1_000,
            expires);

    write(List.of(written));

    StoredMessage found = fetch(subject, 7);
    assertThat(found.frame()).isEqualTo(written.frame());
    assertThat(found.expiresAtMillis()).isEqualTo(expires);
  }

  @Test
  void thereIsNothingWhereNothingWasWritten() {
    Subject subject = new Subject("empty");

    assertThat(messageOrNull(subject, 1)).isNull();
    assertSame(read(subject, 1, 1_000_000_000_000L, ALL), List.of(), 1_000_000_000_000L);
    assertThat(firstIdAtOrAfter(subject, 1_000, 0)).isEqualTo(1_001);
    write(List.of());
  }

  @Test
  void writingAgainChangesNothing() {
    Subject subject = new Subject("again");
    List<StoredMessage> written = messages(subject, 1, 2_000);

    write(written);
    write(written.subList(500, 1_500));
    write(written);

    assertSame(read(subject, 1, 2_000, ALL), written, 2_000);
  }

  @Test
  void aLateRewriteDoesNotUndoAPurge() {
    Subject subject = new Subject("purged");
    long published = System.currentTimeMillis();
    List<StoredMessage> written = List.of(message(subject, 1, published, NEVER, 10));
    write(written);
    session.execute(
        "DELETE FROM "
            + config.keyspace()
            + ".messages USING TIMESTAMP "
            + (published + 1) * 1000
            + " WHERE subject = 'purged' AND bucket = 0");

    write(written);

    assertThat(messageOrNull(subject, 1)).isNull();
  }

  @Test
  void removalTakesWholePartitionsWithAllThatBelongsToThem() {
    Subject subject = new Subject("removed");
    List<StoredMessage> written = new ArrayList<>(messages(subject, 1, 2_500));
    written.set(99, message(subject, 100, 100, NEVER, LARGE));
    write(written);

    assertThat(removeAll(subject, 1, 2_100, false)).isEqualTo(2_100);

    assertSame(read(subject, 1, 2_500, ALL), written.subList(2_047, 2_500), 2_500);
    assertThat(count("messages", "removed", "bucket = 0")).isZero();
    assertThat(count("messages", "removed", "bucket = 1")).isZero();
    assertThat(count("large_frames", "removed", "id = 100")).isZero();
    assertThat(count("buckets", "removed", "epoch = 0")).as("buckets in the index").isEqualTo(1);
    // The rest of a partition goes with what is removed later.
    assertThat(removeAll(subject, 2_101, 2_400, false)).isEqualTo(2_400);
    assertThat(count("messages", "removed", "bucket = 2")).isEqualTo(453);
  }

  @Test
  void removalOfEverythingLeavesNoRestAndMayBeAskedForAgain() {
    Subject subject = new Subject("emptied");
    List<StoredMessage> written = new ArrayList<>(messages(subject, 1, 1_500));
    written.set(1_399, message(subject, 1_400, 1_400, NEVER, LARGE));
    write(written);

    assertThat(removeAll(subject, 1, 1_500, true)).isEqualTo(1_500);
    assertThat(removeAll(subject, 1, 1_500, true)).isEqualTo(1_500);
    write(written); // by a leader that was replaced and does not know it

    assertSame(read(subject, 1, 1_500, ALL), List.of(), 1_500);
    assertThat(count("large_frames", "emptied", "id = 1400")).isZero();
    write(messages(subject, 1_501, 1_502));
    assertSame(read(subject, 1, 2_000, ALL), messages(subject, 1_501, 1_502), 2_000);
  }

  @Test
  void removalStepsOverHolesOfAnySize() {
    Subject subject = new Subject("removed.holes");
    write(messages(subject, 5, 5));
    write(messages(subject, 7_000_000_000_000L, 7_000_000_000_000L));

    assertThat(removeAll(subject, 1, 8_000_000_000_000L, false)).isEqualTo(8_000_000_000_000L);

    assertSame(read(subject, 1, 8_000_000_000_000L, ALL), List.of(), 8_000_000_000_000L);
  }

  /** Asks until all is removed, as the archiver does; up to which id that is. */
  private static long removeAll(Subject subject, long fromId, long toId, boolean partly) {
    long removed = fromId - 1;
    while (removed < toId) {
      long upToId =
          archive.remove(subject, removed + 1, toId, partly, System.currentTimeMillis()).join();
      assertThat(upToId).isGreaterThan(removed);
      removed = upToId;
    }
    return removed;
  }

  private static long count(String table, String subject, String where) {
    return row("SELECT count(*) FROM "
            + config.keyspace()
            + "."
            + table
            + " WHERE subject = '"
            + subject
            + "' AND "
            + where)
        .getLong(0);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Buckets.INLINE_BYTES - 100,
        Buckets.INLINE_BYTES + 100,
        Buckets.PART_BYTES - 30,
        Buckets.PART_BYTES + 100,
        LARGE
      })
  void frameOfAnySizeComesBackWhole(int bodyBytes) {
    Subject subject = new Subject("large.b" + bodyBytes);
    List<StoredMessage> written =
        List.of(
            message(subject, 1),
            message(subject, 2, 2, NEVER, bodyBytes),
            message(subject, 3, 3, NEVER, bodyBytes),
            message(subject, 4));

    write(written);

    assertThat(fetch(subject, 2).frame()).isEqualTo(written.get(1).frame());
    assertSame(read(subject, 1, 4, ALL), written, 4);
    assertSame(read(subject, 2, 4, 1), written.subList(1, 2), 2);
  }

  @Test
  void largeFrameWithoutAPartIsAFailureAndNotAMessage() {
    Subject subject = new Subject("damaged");
    write(List.of(message(subject, 1, 1, NEVER, LARGE)));
    session.execute(
        "DELETE FROM "
            + config.keyspace()
            + ".large_frames WHERE subject = 'damaged' AND id = 1 AND part = 2");

    assertThat(archive.message(subject, 1))
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .withMessageContaining("message 1 of \"damaged\" without part 2");
  }

  @Test
  void readGoesOverBucketsAndHolesOfAnySize() {
    Subject subject = new Subject("holes");
    List<StoredMessage> written = new ArrayList<>();
    written.addAll(messages(subject, 1_020, 1_030)); // over the end of a bucket
    written.addAll(messages(subject, 5_000, 5_001));
    written.addAll(messages(subject, 16_777_215, 16_777_217)); // over the end of an epoch
    written.addAll(messages(subject, 1_000_000_000, 1_000_000_000));
    written.addAll(messages(subject, 7_000_000_000_000L, 7_000_000_000_001L));

    write(written);

    assertSame(read(subject, 1, 8_000_000_000_000L, ALL), written, 8_000_000_000_000L);
    assertSame(
        read(subject, 1_025, 5_000, ALL),
        written.subList(5, written.indexOf(at(written, 5_001))),
        5_000);
    assertSame(read(subject, 6_000, 16_777_000, ALL), List.of(), 16_777_000);
    assertSame(
        read(subject, 16_777_218, 1_000_000_000, ALL),
        List.of(at(written, 1_000_000_000)),
        1_000_000_000);
  }

  @Test
  void readStopsAtMaxBytesAndSaysHowFarItCame() {
    Subject subject = new Subject("bounded");
    List<StoredMessage> written = messages(subject, 1, 3_000);
    write(written);
    int each = written.get(0).frame().length;

    for (int round = 0; round < 3; round++) { // sizes are learned meanwhile
      assertSame(read(subject, 1, 3_000, 1), written.subList(0, 1), 1);
      assertThat(read(subject, 1, 3_000, 10 * each).completeTo()).isBetween(9L, 11L);
      ArchivedRun run = read(subject, 100, 3_000, 2_000 * each);
      assertThat(run.completeTo()).isBetween(2_000L, 2_110L);
      assertSame(run, written.subList(99, (int) run.completeTo()), run.completeTo());
      assertSame(read(subject, 2_990, 3_000, ALL), written.subList(2_989, 3_000), 3_000);
      assertSame(read(subject, 3_000, 4_000, ALL), written.subList(2_999, 3_000), 4_000);
    }
  }

  @Test
  void readsOneAfterTheOtherGiveEveryMessageOnce() {
    Subject subject = new Subject("replay");
    List<StoredMessage> written = new ArrayList<>();
    LongStream.rangeClosed(1, 10_000)
        .filter(id -> id % 7 != 0 && (id < 3_000 || id > 6_000))
        .forEach(id -> written.add(message(subject, id, id, NEVER, (int) (id % 900))));
    write(written);

    List<StoredMessage> found = new ArrayList<>();
    for (long from = 1; from <= 10_000; ) {
      ArchivedRun run = read(subject, from, 10_000, 20_000);
      assertThat(run.completeTo()).isGreaterThanOrEqualTo(from);
      found.addAll(run.messages());
      from = run.completeTo() + 1;
    }

    assertSame(new ArchivedRun(found, 10_000), written, 10_000);
  }

  @Test
  void firstIdAtOrAfterIsThatOfAMessage() {
    Subject subject = new Subject("times");
    List<StoredMessage> written =
        List.of(
            message(subject, 3, 1_000, NEVER, 10),
            message(subject, 4, 1_000, NEVER, 10),
            message(subject, 5, 2_000, NEVER, 70_000),
            message(subject, 2_000, 3_000, NEVER, 10),
            message(subject, 50_000_000, 4_000, NEVER, 10));
    write(written);

    assertThat(firstIdAtOrAfter(subject, 60_000_000, 0)).isEqualTo(3);
    assertThat(firstIdAtOrAfter(subject, 60_000_000, 1_000)).isEqualTo(3);
    assertThat(firstIdAtOrAfter(subject, 60_000_000, 1_001)).isEqualTo(5);
    assertThat(firstIdAtOrAfter(subject, 60_000_000, 2_000)).isEqualTo(5);
    assertThat(firstIdAtOrAfter(subject, 60_000_000, 2_500)).isEqualTo(2_000);
    assertThat(firstIdAtOrAfter(subject, 60_000_000, 4_000)).isEqualTo(50_000_000);
    assertThat(firstIdAtOrAfter(subject, 60_000_000, 4_001)).isEqualTo(60_000_001);
    assertThat(firstIdAtOrAfter(subject, 40_000_000, 4_000)).as("none").isEqualTo(40_000_001);
    assertThat(firstIdAtOrAfter(subject, 2, 0)).as("none").isEqualTo(3);
  }

  @Test
  void rowLivesAsLongAsItsMessage() {
    Subject subject = new Subject("ttl");
    long now = System.currentTimeMillis();

    archive
        .write(
            List.of(
                message(subject, 1, now, now + 100_000, 10),
                message(subject, 2, now, NEVER, 10),
                message(subject, 3, now, now + 70L * 365 * 86_400_000, 10),
                message(subject, 4, now, now + 200_000, 70_000)),
            now)
        .join();

    assertThat(
            row("SELECT TTL(frame) FROM %s.messages WHERE subject='ttl' AND bucket=0 AND id=1")
                .getInt(0))
        .isBetween(80, 102);
    assertThat(
            row("SELECT TTL(frame) FROM %s.messages WHERE subject='ttl' AND bucket=0 AND id=2")
                .isNull(0))
        .isTrue();
    assertThat(
            row("SELECT TTL(frame) FROM %s.messages WHERE subject='ttl' AND bucket=0 AND id=3")
                .isNull(0))
        .isTrue();
    assertThat(
            row("SELECT TTL(parts) FROM %s.messages WHERE subject='ttl' AND bucket=0 AND id=4")
                .getInt(0))
        .isBetween(180, 202);
    assertThat(
            row("SELECT TTL(bytes) FROM %s.large_frames WHERE subject='ttl' AND id=4 AND part=0")
                .getInt(0))
        .isBetween(182, 204);
  }

  @Test
  void messagePastItsTimeIsNotWritten() {
    Subject subject = new Subject("late");
    long now = System.currentTimeMillis();

    archive
        .write(
            List.of(
                message(subject, 1, now - 10_000, now, 10),
                message(subject, 2, now - 10_000, now + 60_000, 10)),
            now)
        .join();

    assertThat(messageOrNull(subject, 1)).isNull();
    assertThat(messageOrNull(subject, 2)).isNotNull();
  }

  @Test
  void indexOutlivesShortLivesForTheLongest() throws InterruptedException {
    Subject subject = new Subject("lives");
    long now = System.currentTimeMillis();
    StoredMessage lasting = message(subject, 2, now, NEVER, 10);
    write(List.of(lasting));
    // By another broker, which does not know of the first write.
    try (CassandraArchive other = CassandraArchive.connect(config)) {
      CassandraServer.awaitAnswer(other);
      other.write(List.of(message(subject, 1, now, now + 1_000, 10)), now).join();
    }

    CompletableFuture<Void> past = new CompletableFuture<>();
    past.completeOnTimeout(null, 6, TimeUnit.SECONDS).join(); // Cassandra's clock cannot be set

    assertSame(read(subject, 1, 1_000_000_000, ALL), List.of(lasting), 1_000_000_000);
    assertSame(read(subject, 1, 2_000, ALL), List.of(lasting), 2_000);
    Row index =
        row("SELECT count(*) FROM %s.buckets WHERE subject='lives' AND epoch=0 AND bucket=0");
    assertThat(index.getLong(0)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a';DROP/TABLE/messages;--",
        "a'||'b",
        "\"quoted\"",
        "dollar$$;",
        "back\\slash\\'",
        "?",
        ":name",
        "%s",
        "{'class':'x'}",
        "--comment",
        "жук.中.😀"
      })
  void subjectIsDataWhateverItsName(String name) {
    Subject subject = new Subject(name);
    List<StoredMessage> written = messages(subject, 1, 10);

    write(written);

    assertSame(read(subject, 1, 10, ALL), written, 10);
    assertThat(fetch(subject, 3).frame()).isEqualTo(written.get(2).frame());
    assertThat(messageOrNull(new Subject(name + "x"), 3)).isNull();
  }

  @Test
  void subjectsDoNotMix() {
    List<StoredMessage> written = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      written.addAll(messages(new Subject("mix.s" + i), 1 + i, 20 + i));
    }

    write(written);

    for (int i = 0; i < 50; i++) {
      assertSame(
          read(new Subject("mix.s" + i), 1, 100, ALL), written.subList(20 * i, 20 * i + 20), 100);
    }
  }

  @Test
  void manyWritesAndReadsAtOnceAllSucceed() {
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Subject subject = new Subject("load.s" + i);
      all.add(archive.write(messages(subject, 1, 3_000), 0));
      for (int id = 1; id < 100; id++) {
        all.add(archive.message(subject, id));
      }
    }

    CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();

    for (int i = 0; i < 20; i++) {
      Subject subject = new Subject("load.s" + i);
      assertSame(read(subject, 1, 3_000, ALL), messages(subject, 1, 3_000), 3_000);
    }
  }

  private static StoredMessage at(List<StoredMessage> messages, long id) {
    return messages.stream().filter(message -> message.id() == id).findFirst().orElseThrow();
  }

  private static void write(List<StoredMessage> messages) {
    archive.write(messages, System.currentTimeMillis()).join();
  }

  private static @Nullable StoredMessage messageOrNull(Subject subject, long id) {
    return archive.message(subject, id).join();
  }

  private static StoredMessage fetch(Subject subject, long id) {
    StoredMessage message = messageOrNull(subject, id);
    if (message == null) {
      throw new AssertionError("there is no message " + id + " of " + subject);
    }
    return message;
  }

  private static ArchivedRun read(Subject subject, long fromId, long toId, int maxBytes) {
    return archive.read(subject, fromId, toId, maxBytes).join();
  }

  private static long firstIdAtOrAfter(Subject subject, long toId, long timeMillis) {
    return archive.firstIdAtOrAfter(subject, toId, timeMillis).join();
  }

  private static Row row(String query) {
    return session.execute(String.format(query, config.keyspace())).one();
  }

  private static void assertSame(ArchivedRun run, List<StoredMessage> expected, long completeTo) {
    assertThat(run.messages().stream().map(StoredMessage::id))
        .containsExactlyElementsOf(expected.stream().map(StoredMessage::id).toList());
    for (int i = 0; i < expected.size(); i++) {
      assertThat(run.messages().get(i).subject()).isEqualTo(expected.get(i).subject());
      assertThat(run.messages().get(i).frame()).isEqualTo(expected.get(i).frame());
    }
    assertThat(run.completeTo()).isEqualTo(completeTo);
  }
}
