package org.raftbroker.storage.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.message.Subject;
import org.raftbroker.message.SubjectSettings;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog.ArchiveStep;
import org.raftbroker.storage.Catalog.ArchivedShard;
import org.raftbroker.storage.Catalog.ArchivedSubject;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.testservers.NeedsPostgres;

@NeedsPostgres
final class PostgresCatalogTest {
  private static final long NOW = 1_795_880_809_123L;
  private static final Subject ORDERS = new Subject("orders");

  private final PostgresConfig config = TestPostgres.freshConfig();
  private final PostgresCatalog catalog = new PostgresCatalog(config, "ours", 3);

  @AfterEach
  void close() {
    catalog.close();
  }

  @Test
  void shardThatWasNeverOpenedIsNotThere() {
    assertThat(catalog.shard(0)).isEmpty();
    assertThat(catalog.subjects(0, "", 10)).isEmpty();
    assertThat(reserved(ORDERS)).isEmpty();
  }

  @Test
  void whatAStepRecordsIsReadBack() {
    ArchivedSubject orders = archived(ORDERS, 9, 7, 6, -559038737, 5, 4096);
    catalog.open(1, life(1), 0);

    catalog.record(
        new ArchiveStep(
            1, life(1), 42, List.of(orders), List.of(new ReservedRun(ORDERS, 7, 8)), 17, NOW));

    assertThat(catalog.shard(1)).contains(new ArchivedShard(1, 1, 42, NOW, 17, 1));
    assertThat(catalog.subjects(1, "", 10)).containsExactly(orders);
    assertThat(catalog.subjects(2, "", 10)).isEmpty();
    assertThat(reserved(ORDERS)).containsExactly(new ReservedRun(ORDERS, 7, 8));
  }

  @Test
  void laterStepHasTheLastWordButNeverLowersAHeadOrShortensARun() {
    catalog.open(0, life(1), 0);
    record(10, List.of(subject("orders", 20, 5)), new ReservedRun(ORDERS, 3, 9));

    record(11, List.of(subject("orders", 19, 6)), new ReservedRun(ORDERS, 3, 4));

    assertThat(catalog.subjects(0, "", 10)).containsExactly(subject("orders", 20, 6));
    assertThat(reserved(ORDERS)).containsExactly(new ReservedRun(ORDERS, 3, 9));
  }

  @Test
  void runThatCameTwiceInOneStepHasItsLongestForm() {
    catalog.open(0, life(1), 0);

    record(1, List.of(), new ReservedRun(ORDERS, 3, 9), new ReservedRun(ORDERS, 3, 12));

    assertThat(reserved(ORDERS)).containsExactly(new ReservedRun(ORDERS, 3, 12));
  }

  @Test
  void stepRecordedTwiceAndStepOfAnOvertakenLeaderChangeNothing() {
    catalog.open(0, life(1), 0);
    record(10, List.of(subject("orders", 20, 8)));
    ArchivedShard recorded = catalog.shard(0).orElseThrow();

    record(10, List.of(subject("orders", 30, 9)), new ReservedRun(ORDERS, 1, 2));
    record(9, List.of(subject("other", 1, 1)));

    assertThat(catalog.shard(0)).contains(recorded);
    assertThat(catalog.subjects(0, "", 10)).containsExactly(subject("orders", 20, 8));
    assertThat(reserved(ORDERS)).isEmpty();
  }

  @Test
  void twoLeadersAtOnceLeaveTheFurtherStepWhole() throws Exception {
    catalog.open(0, life(1), 0);
    for (int round = 0; round < 20; round++) {
      int index = 10 * round;
      together(
          List.of(
              () -> record(index + 1, many(index + 1, 50)),
              () -> record(index + 2, many(index + 2, 50))));

      assertThat(catalog.shard(0).orElseThrow().archivedIndex()).isEqualTo(index + 2);
      assertThat(catalog.subjects(0, "", 100))
          .hasSize(50)
          .allMatch(subject -> subject.archivedId() == index + 2);
    }
  }

  @Test
  void failedStepLeavesNothing() throws SQLException {
    catalog.open(0, life(1), 0);
    TestPostgres.sql(
        "ALTER TABLE %s.subjects ADD CHECK (name <> 's4999')".formatted(config.schema()));

    assertThatThrownBy(() -> record(1, many(1, 6000)))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("refused (SQLSTATE 23514)");

    assertThat(catalog.shard(0).orElseThrow().archivedIndex()).isEqualTo(-1);
    assertThat(catalog.subjects(0, "", 10)).isEmpty();
  }

  @Test
  void newIncarnationStartsAtNothingAndTheOldOneIsRefused() {
    catalog.open(0, life(1), 0);
    record(10, List.of(subject("orders", 20, 8)));

    catalog.open(0, life(2), 0);

    assertThat(catalog.shard(0)).contains(new ArchivedShard(0, 2, -1, 0, 0, 1));
    assertThatThrownBy(() -> record(11, List.of(subject("orders", 30, 9))))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("another cluster has taken over shard 0")
        .hasMessageContaining("incarnation 2 has begun, this is 1");
    assertThatThrownBy(() -> catalog.open(0, life(1), 0))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("another cluster has taken over shard 0");
    assertThat(catalog.subjects(0, "", 10)).containsExactly(subject("orders", 20, 8));
  }

  @Test
  void twoLogsThatBeginTheSameIncarnationAreToldApart() {
    catalog.open(0, life(1), 0);
    record(5, List.of(archived(ORDERS, 7, 5, 5, 33, 5, 30)));
    Incarnation first = new Incarnation(2, -5);
    Incarnation second = new Incarnation(2, 6);

    catalog.open(0, first, 100);
    assertThatThrownBy(() -> catalog.open(0, second, 100))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("another cluster has taken over shard 0")
        .hasMessageContaining("incarnation 2 has begun, with another log than this one's");

    assertThat(catalog.subjects(0, "", 10))
        .extracting(ArchivedSubject::lastId)
        .as("skipped once")
        .containsExactly(107L);
    assertThatThrownBy(
            () -> catalog.record(new ArchiveStep(0, second, 1, List.of(), List.of(), 0, NOW)))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("another cluster has taken over shard 0");
    catalog.record(new ArchiveStep(0, first, 1, List.of(), List.of(), 0, NOW));
    assertThat(catalog.shard(0).orElseThrow().archivedIndex()).isEqualTo(1);
  }

  @Test
  void newIncarnationSkipsWhatMayHaveBeenGivenOut() {
    catalog.open(0, life(1), 0);
    record(5, List.of(archived(ORDERS, 7, 5, 5, 33, 5, 30)));

    catalog.open(0, life(2), 100);
    catalog.open(0, life(2), 100); // another leader goes on

    assertThat(catalog.subjects(0, "", 10))
        .containsExactly(archived(ORDERS, 107, 107, 5, 33, 5, 30));
    assertThat(reserved(ORDERS)).containsExactly(new ReservedRun(ORDERS, 6, 107));
  }

  @Test
  void stepOfReservedIdsOnlyKeepsTheLastMessage() {
    catalog.open(0, life(1), 0);
    record(5, List.of(archived(ORDERS, 3, 3, 3, 33, 3, 30)));

    record(6, List.of(archived(ORDERS, 9, 9, 0, 0, 3, 30)));

    assertThat(catalog.subjects(0, "", 10)).containsExactly(archived(ORDERS, 9, 9, 3, 33, 3, 30));
  }

  @Test
  void settingsOfASubjectAreThoseOfTheLastStep() {
    SubjectSettings settings = new SubjectSettings(60, 1024, 5_000_000_000L, 3600, 1L << 40);
    catalog.open(0, life(1), 0);
    record(1, List.of(new ArchivedSubject(ORDERS, 9, 9, 9, 1, 9, 90, 1, NOW - 5, settings)));
    record(
        2,
        List.of(
            new ArchivedSubject(ORDERS, 9, 9, 9, 1, 9, 90, 4, NOW - 5, SubjectSettings.DEFAULT)));
    record(3, List.of(new ArchivedSubject(ORDERS, 9, 9, 9, 1, 9, 90, 4, NOW - 5, settings)));

    assertThat(catalog.subjects(0, "", 10))
        .containsExactly(new ArchivedSubject(ORDERS, 9, 9, 9, 1, 9, 90, 4, NOW - 5, settings));
  }

  @Test
  void deletedSubjectKeepsItsIdsUntilItComesAnew() {
    catalog.open(0, life(1), 0);
    ArchivedSubject deleted =
        new ArchivedSubject(ORDERS, 9, 9, 9, 1, 9, 90, 10, 0, SubjectSettings.DEFAULT);
    ArchivedSubject created =
        new ArchivedSubject(ORDERS, 10, 10, 10, 2, 10, 99, 10, NOW, SubjectSettings.DEFAULT);

    record(1, List.of(deleted));
    assertThat(catalog.subjects(0, "", 10)).containsExactly(deleted);

    record(2, List.of(created));
    assertThat(catalog.subjects(0, "", 10)).containsExactly(created);
  }

  @Test
  void incarnationOpenedAgainKeepsWhatItRecorded() {
    catalog.open(0, life(1), 0);
    record(10, List.of());

    catalog.open(0, life(1), 0);

    assertThat(catalog.shard(0).orElseThrow().archivedIndex()).isEqualTo(10);
  }

  @Test
  void stepOfAnIncarnationThatWasNeverOpenedIsRefused() {
    assertThatThrownBy(() -> record(1, List.of()))
        .isInstanceOf(ArchiveException.class)
        .hasMessageContaining("never opened");
  }

  @Test
  void pagesFollowTheBytesOfTheNames() {
    catalog.open(0, life(1), 0);
    List<String> names =
        List.of("a", "B", "b", "a.b", "a-b", "Z", "é", "\uFFEE", "😀", "~", "0", "a'b");
    record(1, names.stream().map(name -> subject(name, 1, 1)).toList());

    List<String> read = new ArrayList<>();
    String after = "";
    while (true) {
      List<ArchivedSubject> page = catalog.subjects(0, after, 5);
      page.forEach(subject -> read.add(subject.subject().name()));
      if (page.size() < 5) {
        break;
      }
      after = read.get(read.size() - 1);
    }

    Comparator<String> byBytes =
        (left, right) ->
            Arrays.compareUnsigned(
                left.getBytes(StandardCharsets.UTF_8), right.getBytes(StandardCharsets.UTF_8));
    assertThat(read).containsExactlyElementsOf(names.stream().sorted(byBytes).toList());
  }

  @Test
  void namesThatAttackSqlStayData() {
    List<String> names =
        List.of(
            "a');DELETE\\sFROM(subjects);--",
            "a\";--",
            "a$$b$$",
            "{a,b}",
            "{\"a\",NULL}",
            "NULL",
            "a\\",
            "a\\'",
            "?",
            "a${schema}",
            "%s",
            "日本語",
            "😀".repeat(63) + "abc");
    catalog.open(0, life(1), 0);

    record(
        1,
        names.stream().map(name -> subject(name, 3, 2)).toList(),
        names.stream()
            .map(name -> new ReservedRun(new Subject(name), 3, 3))
            .toArray(ReservedRun[]::new));

    assertThat(catalog.subjects(0, "", 100))
        .extracting(subject -> subject.subject().name())
        .containsExactlyInAnyOrderElementsOf(names);
    for (String name : names) {
      assertThat(reserved(new Subject(name))).as(name).hasSize(1);
    }
  }

  @Test
  void tenThousandSubjectsInOneStep() {
    catalog.open(0, life(1), 0);
    int index = 0;
    for (int size : new int[] {1, 100, 10_000}) {
      long best = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) {
        index++;
        long start = System.nanoTime();
        record(index, many(index, size));
        best = Math.min(best, System.nanoTime() - start);
      }
      System.out.printf("step with %,6d subjects: %.1f ms%n", size, best / 1e6);
    }

    assertThat(catalog.shard(0).orElseThrow().subjects()).isEqualTo(10_000);
    assertThat(catalog.subjects(0, "", 20_000)).hasSize(10_000);
  }

  @Test
  void nodesThatStartTogetherShareOneSchema() throws Exception {
    List<PostgresCatalog> nodes =
        IntStream.range(0, 6).mapToObj(i -> new PostgresCatalog(config, "ours", 3)).toList();

    together(
        nodes.stream()
            .map(
                node ->
                    (Callable<Object>)
                        () -> {
                          node.open(0, life(1), 0);
                          return node.shard(0);
                        })
            .toList());

    nodes.forEach(PostgresCatalog::close);
    assertThat(catalog.shard(0)).isPresent();
    assertThat(TestPostgres.sql("SELECT count(*) FROM " + config.schema() + ".cluster"))
        .isEqualTo("1");
  }

  @Test
  void callsThatStartTogetherShareOneAttempt() throws Exception {
    together(
        IntStream.range(0, 8)
            .mapToObj(i -> (Callable<Object>) () -> catalog.shard(i % 3))
            .toList());

    assertThat(
            TestPostgres.sql(
                "SELECT max(times) FROM (SELECT count(*) AS times FROM "
                    + config.schema()
                    + ".flyway_schema_history WHERE version IS NOT NULL GROUP BY version) AS each"))
        .isEqualTo("1");
  }

  @Test
  void schemaOfAnotherClusterIsRefused() {
    catalog.open(0, life(1), 0);

    try (PostgresCatalog theirs = new PostgresCatalog(config, "theirs", 3);
        PostgresCatalog resized = new PostgresCatalog(config, "ours", 5)) {
      assertThatThrownBy(() -> theirs.shard(0))
          .isInstanceOf(ArchiveException.class)
          .hasMessageContaining("belongs to cluster \"ours\" with 3 shards")
          .hasMessageContaining("this node to \"theirs\" with 3")
          .hasMessageContaining("set postgres.schema");
      assertThatThrownBy(() -> resized.open(0, life(1), 0))
          .isInstanceOf(ArchiveException.class)
          .hasMessageContaining("with 3 shards, this node to \"ours\" with 5");
    }
  }

  @Test
  void tablesAndColumnsAreExplained() throws SQLException {
    catalog.shard(0);

    String unexplained =
        TestPostgres.sql(
            """
            SELECT string_agg(c.relname || '.' || coalesce(a.attname, ''), ', ')
            FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
            WHERE c.relnamespace = '%s'::regnamespace AND c.relkind = 'r'
              AND c.relname <> 'flyway_schema_history'
              AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)"""
                .formatted(config.schema()));

    assertThat(unexplained).isNull();
    assertThat(
            TestPostgres.sql(
                "SELECT obj_description('%s.subjects'::regclass)".formatted(config.schema())))
        .startsWith("Every subject");
  }

  private List<ReservedRun> reserved(Subject subject) {
    return catalog.reserved(List.of(subject)).getOrDefault(subject, List.of());
  }

  /** An incarnation of the same log, whatever its number. */
  private static Incarnation life(long number) {
    return new Incarnation(number, 77);
  }

  private Object record(long index, List<ArchivedSubject> subjects, ReservedRun... runs) {
    catalog.record(new ArchiveStep(0, life(1), index, subjects, List.of(runs), 0, NOW));
    return index;
  }

  private static List<ArchivedSubject> many(long archivedId, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> subject("s" + i, 1_000_000, archivedId))
        .toList();
  }

  private static ArchivedSubject subject(String name, long lastId, long archivedId) {
    return archived(
        new Subject(name), lastId, archivedId, archivedId, (int) archivedId, archivedId, 100);
  }

  private static ArchivedSubject archived(
      Subject subject,
      long lastId,
      long archivedId,
      long archivedMessageId,
      int archivedChecksum,
      long messages,
      long bytes) {
    return new ArchivedSubject(
        subject,
        lastId,
        archivedId,
        archivedMessageId,
        archivedChecksum,
        messages,
        bytes,
        1,
        NOW,
        SubjectSettings.DEFAULT);
  }

  /** All begin at the same moment; fails with the first that fails. */
  private static void together(List<Callable<Object>> calls) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(calls.size());
    CyclicBarrier barrier = new CyclicBarrier(calls.size());
    try {
      List<Future<Object>> futures = new ArrayList<>();
      for (Callable<Object> call : calls) {
        futures.add(
            threads.submit(
                () -> {
                  barrier.await();
                  return call.call();
                }));
      }
      for (Future<Object> future : futures) {
        future.get();
      }
    } finally {
      threads.shutdown();
    }
  }
}
