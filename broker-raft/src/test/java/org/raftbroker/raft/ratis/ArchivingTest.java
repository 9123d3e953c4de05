package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.message.SettingsChange;
import org.raftbroker.message.StoredMessage;
import org.raftbroker.message.Subject;
import org.raftbroker.raft.MessageRun;
import org.raftbroker.raft.SharedArchive;
import org.raftbroker.raft.archive.ArchiveConfig;
import org.raftbroker.raft.archive.ArchiveObserver;
import org.raftbroker.raft.archive.Archiver;
import org.raftbroker.raft.command.Command.DeleteSubject;
import org.raftbroker.raft.command.Command.PurgeSubject;
import org.raftbroker.raft.command.Command.UpdateSubject;
import org.raftbroker.storage.Archive;
import org.raftbroker.storage.ArchiveException;
import org.raftbroker.storage.Catalog;
import org.raftbroker.storage.Changes.ReservedRun;
import org.raftbroker.storage.Incarnation;
import org.raftbroker.storage.cassandra.CassandraArchive;
import org.raftbroker.storage.cassandra.CassandraConfig;
import org.raftbroker.storage.cassandra.ContactPoint;
import org.raftbroker.storage.postgres.PostgresCatalog;
import org.raftbroker.storage.postgres.PostgresConfig;
import org.raftbroker.testservers.NeedsCassandra;
import org.raftbroker.testservers.NeedsPostgres;
import org.raftbroker.testservers.TestServer;
import org.raftbroker.testservers.TestServers;

/** Three nodes' replicas that archive into a real Cassandra and a real PostgreSQL. */
@NeedsCassandra
@NeedsPostgres
@Timeout(240)
final class ArchivingTest {
  private static final RaftConfig QUICK =
      new RaftConfig(Duration.ofMillis(400), 4 << 20, 96 << 20, 1 << 20, 100, 10, 64 << 20);
  private static final ArchiveConfig SMALL_STEPS =
      new ArchiveConfig(true, 1 << 30, Duration.ofMillis(20), 40, 1 << 20);
  private static final AtomicInteger NAMES = new AtomicInteger();
  private static final ArchiveObserver NOBODY =
      new ArchiveObserver() {
        @Override
        public void onArchived(int shard, int messages, long bytes, long nanos) {}

        @Override
        public void onArchiveFailure(int shard) {}
      };

  private static @Nullable TestServer cassandra;
  private static @Nullable TestServer postgres;

  @TempDir Path directory;
  private final String name = "t" + NAMES.incrementAndGet();
  // All tests have one keyspace, because Cassandra takes seconds to make one.
  private final Subject orders = new Subject("orders-" + name);
  private final Subject invoices = new Subject("invoices-" + name);
  private final List<Archiver> archivers = new ArrayList<>();
  private final AtomicReference<@Nullable CrashPoint> crashAt = new AtomicReference<>();
  private volatile long searchMillis;
  private Archive archive = openArchive();
  private Catalog catalog = openCatalog();

  @BeforeAll
  static void startServers() throws IOException {
    Path home = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "servers");
    postgres = TestServers.postgres(home.resolve("postgres"));
    cassandra = TestServers.cassandra(home.resolve("cassandra"));
  }

  @AfterAll
  static void stopServers() {
    if (cassandra != null) {
      cassandra.close();
    }
    if (postgres != null) {
      postgres.close();
    }
  }

  private Archive openArchive() {
    if (cassandra == null) {
      throw new IllegalStateException("Cassandra was not started");
    }
    CassandraConfig usual = CassandraConfig.DEFAULT;
    return CassandraArchive.connect(
        new CassandraConfig(
            List.of(new ContactPoint("127.0.0.1", cassandra.port())),
            usual.localDatacenter(),
            "archiving",
            usual.replicationFactor(),
            usual.consistency(),
            usual.credentials(),
            Duration.ofSeconds(10),
            usual.maxInFlight()));
  }

  private Catalog openCatalog() {
    if (postgres == null) {
      throw new IllegalStateException("PostgreSQL was not started");
    }
    return new PostgresCatalog(
        new PostgresConfig(
            "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/raftbroker",
            "raftbroker",
            "raftbroker",
            name,
            4,
            Duration.ofSeconds(5),
            Duration.ofSeconds(5)),
        "test",
        1);
  }

  @BeforeEach
  void awaitArchive() {
    await()
        .atMost(ThreeReplicas.PATIENCE)
        .ignoreExceptions()
        .until(() -> archive.message(orders, 1).get() == null);
  }

  @AfterEach
  void close() {
    archive.close();
    catalog.close();
  }

  @Test
  void whatIsArchivedIsReadAtEveryNode() throws Exception {
    try (ThreeReplicas cluster = start("first", false)) {
      ThreeReplicas.Node node = cluster.node("n1");
      publish(node, orders, 1, 300);
      assertThat(node.shard(0).reserve(orders, 5).join()).isEqualTo(305);
      publish(node, orders, 306, 320);
      publish(node, invoices, 1, 3);

      awaitAllArchived(cluster);

      for (ThreeReplicas.Node each : cluster.running()) {
        assertThat(each.shard(0).reader().read(orders, 1, 1 << 20)).isEmpty();
        assertThat(each.body(orders, 1)).isEqualTo("m1");
        assertThat(each.body(orders, 320)).isEqualTo("m320");
        assertThat(each.body(invoices, 3)).isEqualTo("m3");
        assertThat(reasonOfFetch(each, 303)).isEqualTo(Reason.ID_RESERVED);
        assertThat(reasonOfFetch(each, 321)).isEqualTo(Reason.ID_NOT_PUBLISHED);
        MessageRun run = each.shard(0).read(orders, 299, 1 << 20, 0).join();
        assertThat(run.messages().stream().map(StoredMessage::id).limit(3))
            .containsExactly(299L, 300L, 306L);
        assertThat(run.completeTo()).isEqualTo(320);
        assertThat(each.shard(0).firstIdAtOrAfter(orders, 1).join()).isEqualTo(1);
      }
      assertThat(archivedSubject(orders).lastId()).isEqualTo(320);
      assertThat(archivedSubject(orders).archivedId()).isEqualTo(320);
      assertThat(archivedSubject(orders).messages()).isEqualTo(315);
      assertThat(catalog.reserved(List.of(orders)))
          .isEqualTo(Map.of(orders, List.of(new ReservedRun(orders, 301, 305))));
    } finally {
      stopArchivers();
    }
  }

  /** Where an archiver's step may end for ever. */
  enum CrashPoint {
    BEFORE_ARCHIVE,
    AFTER_ARCHIVE,
    BEFORE_CATALOG,
    AFTER_CATALOG,
    BEFORE_REMOVAL,
    AFTER_REMOVAL
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = ".*_REMOVAL")
  void aStepThatCrashesIsDoneAgain(CrashPoint point) throws Exception {
    try (ThreeReplicas cluster = start("first", false)) {
      ThreeReplicas.Node node = cluster.node("n2");
      publish(node, orders, 1, 60);
      crashAt.set(point);
      publish(node, orders, 61, 200);
      await().atMost(ThreeReplicas.PATIENCE).until(() -> crashAt.get() == null);
      // Another leader goes on where the step ended.
      String leader = cluster.awaitLeader(0);
      String next = "n" + (1 + Integer.parseInt(leader.substring(1)) % 3);
      cluster.node(leader).shard(0).transferLeadership(next).exceptionally(why -> "").join();
      cluster.awaitLeader(0);
      publish(node, orders, 201, 220);

      awaitAllArchived(cluster);

      assertAllThere(cluster, 220);
    } finally {
      stopArchivers();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_ALL, names = ".*_REMOVAL")
  void whatIsPurgedLeavesTheArchive(CrashPoint point) throws Exception {
    try (ThreeReplicas cluster = start("first", false)) {
      ThreeReplicas.Node node = cluster.node("n1");
      publish(node, orders, 1, 2_100);
      awaitAllArchived(cluster);
      crashAt.set(point);

      assertThat(node.shard(0).submit(new PurgeSubject(orders, 1_500)).join()).isEqualTo(1_501);
      await().atMost(ThreeReplicas.PATIENCE).until(() -> crashAt.get() == null);
      awaitRemoved(cluster);

      for (ThreeReplicas.Node each : cluster.running()) {
        assertThat(reasonOfFetch(each, 1_500)).isEqualTo(Reason.MESSAGE_REMOVED);
        assertThat(each.body(orders, 1_501)).isEqualTo("m1501");
        MessageRun run = each.shard(0).read(orders, 1, 1, 0).join();
        assertThat(run.messages()).extracting(StoredMessage::id).containsExactly(1_501L);
        assertThat(each.shard(0).firstIdAtOrAfter(orders, 1).join()).isEqualTo(1_501);
      }
      assertThat(archive.message(orders, 1_023).get()).isNull();
      assertThat(archive.message(orders, 1_501).get()).isNotNull();

      assertThat(node.shard(0).submit(new DeleteSubject(orders)).join()).isEqualTo(2_101);
      awaitRemoved(cluster);
      awaitAllArchived(cluster);

      assertThat(archive.read(orders, 1, 2_100, 1 << 20).get().messages()).isEmpty();
      assertThat(archivedSubject(orders).firstId()).isEqualTo(2_101);
      assertThat(archivedSubject(orders).createdAtMillis()).isZero();
      assertThat(node.publish(orders, "anew").id(0)).isEqualTo(2_101);
      awaitAllArchived(cluster);
      assertThat(node.body(orders, 2_101)).isEqualTo("anew");
      assertThat(archivedSubject(orders).createdAtMillis()).isPositive();
    } finally {
      stopArchivers();
    }
  }

  /** Once, a search had half a second, then began anew: on a busy machine the limit never held. */
  @Test
  void whatIsTooOldLeavesAnArchiveThatIsSlow() throws Exception {
    try (ThreeReplicas cluster = start("slow", false)) {
      ThreeReplicas.Node node = cluster.node("n1");
      publish(node, orders, 1, 100);
      awaitAllArchived(cluster);
      searchMillis = 1_500;

      node.shard(0)
          .submit(new UpdateSubject(orders, new SettingsChange(null, null, null, 1, null)))
          .join();

      for (ThreeReplicas.Node each : cluster.running()) {
        await()
            .atMost(ThreeReplicas.PATIENCE)
            .until(() -> each.shard(0).reader().firstId(orders) == 101);
      }
      awaitRemoved(cluster);
      assertThat(archive.read(orders, 1, 100, 1 << 20).get().messages()).isEmpty();
    } finally {
      stopArchivers();
    }
  }

  private static void awaitRemoved(ThreeReplicas cluster) {
    for (ThreeReplicas.Node node : cluster.running()) {
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(() -> node.shard(0).reader().removalsDue(1).isEmpty());
    }
  }

  @Test
  void leadersThatComeAndGoLoseNothing() throws Exception {
    try (ThreeReplicas cluster = start("first", false)) {
      for (int round = 0; round < 8; round++) {
        publish(cluster.node("n3"), orders, 1 + 50L * round, 50 + 50L * round);
        String leader = cluster.awaitLeader(0);
        String next = "n" + (1 + Integer.parseInt(leader.substring(1)) % 3);
        cluster.node(leader).shard(0).transferLeadership(next).exceptionally(why -> "").join();
        cluster.awaitLeader(0);
      }

      awaitAllArchived(cluster);

      assertAllThere(cluster, 400);
    } finally {
      stopArchivers();
    }
  }

  @Test
  void aClusterThatLostEveryDiskStartsFromTheArchive() throws Exception {
    try (ThreeReplicas cluster = start("lost", false)) {
      publish(cluster.node("n1"), orders, 1, 100);
      awaitAllArchived(cluster);
    } finally {
      stopArchivers();
    }

    // Without being told so it gives out nothing: an id might be given out twice.
    try (ThreeReplicas cluster = start("empty", false)) {
      assertThat(reasonOfPublish(cluster.node("n1"))).isEqualTo(Reason.ARCHIVE_NOT_OPEN);
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .until(() -> archivers.stream().anyMatch(a -> !a.problems().isEmpty()));
      assertThat(archivers.stream().flatMap(a -> a.problems().stream()).toList())
          .anySatisfy(problem -> assertThat(problem).contains("--recover-from-archive"));
    } finally {
      stopArchivers();
    }

    try (ThreeReplicas cluster = start("recovered", true)) {
      awaitOpen(cluster);
      for (ThreeReplicas.Node node : cluster.running()) {
        assertThat(node.body(orders, 1)).isEqualTo("m1");
        assertThat(node.body(orders, 100)).isEqualTo("m100");
      }
      long next = cluster.node("n2").publish(orders, "again").id(0);
      assertThat(next).isEqualTo(101 + SharedArchive.SKIPPED_IDS);
      assertThat(cluster.node("n3").body(orders, next)).isEqualTo("again");
      awaitAllArchived(cluster);
      assertThat(archivedSubject(orders).messages()).isEqualTo(101);
    } finally {
      stopArchivers();
    }
  }

  @Test
  void aBacklogThatIsFullRefusesAndLosesNothing() throws Exception {
    try (ThreeReplicas cluster =
        new ThreeReplicas(
            directory.resolve("full"), 1, QUICK, new SharedArchive(archive, 20_000))) {
      startArchivers(cluster, false);
      awaitOpen(cluster);
      stopArchivers();
      long published = 0;
      while (reasonOfPublish(cluster.node("n1")) == null) {
        published++;
      }
      assertThat(published).isBetween(50L, 1_000L);
      assertThat(reasonOfPublish(cluster.node("n1"))).isEqualTo(Reason.BACKLOG_FULL);
      assertThat(cluster.node("n1").body(orders, published)).isEqualTo("x");

      startArchivers(cluster, false);
      awaitAllArchived(cluster);

      assertThat(reasonOfPublish(cluster.node("n1"))).isNull();
    } finally {
      stopArchivers();
    }
  }

  private ThreeReplicas start(String home, boolean recover) throws Exception {
    ThreeReplicas cluster =
        new ThreeReplicas(
            directory.resolve(home),
            1,
            QUICK,
            new SharedArchive(new CrashingArchive(), Long.MAX_VALUE));
    startArchivers(cluster, recover);
    if (!recover && catalog.shard(0).isEmpty()) {
      awaitOpen(cluster);
    }
    return cluster;
  }

  private void startArchivers(ThreeReplicas cluster, boolean recover) {
    for (ThreeReplicas.Node node : cluster.running()) {
      Archiver archiver =
          new Archiver(
              node.ratis.replicatedShards(),
              new CrashingArchive(),
              new CrashingCatalog(),
              SMALL_STEPS,
              recover,
              System::currentTimeMillis,
              NOBODY);
      archiver.start();
      archivers.add(archiver);
    }
  }

  private void stopArchivers() {
    archivers.forEach(Archiver::close);
    archivers.clear();
  }

  private static void awaitOpen(ThreeReplicas cluster) {
    for (ThreeReplicas.Node node : cluster.running()) {
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .ignoreExceptions()
          .until(() -> node.shard(0).reader().archive().open());
    }
  }

  private static void awaitAllArchived(ThreeReplicas cluster) {
    for (ThreeReplicas.Node node : cluster.running()) {
      await()
          .atMost(ThreeReplicas.PATIENCE)
          .ignoreExceptions()
          .until(
              () -> {
                node.shard(0).readBarrier().join();
                return node.shard(0).reader().archive().backlogIds() == 0;
              });
    }
  }

  /** In the archive once each and in order, in no store, and counted right. */
  private void assertAllThere(ThreeReplicas cluster, long count) {
    List<Long> ids = new ArrayList<>();
    for (long from = 1; from <= count; from = ids.get(ids.size() - 1) + 1) {
      archive.read(orders, from, count, 1 << 14).join().messages().forEach(m -> ids.add(m.id()));
    }
    assertThat(ids).hasSize((int) count).doesNotHaveDuplicates().isSorted();
    for (ThreeReplicas.Node node : cluster.running()) {
      assertThat(node.shard(0).reader().read(orders, 1, 1 << 20)).isEmpty();
      assertThat(node.body(orders, count)).isEqualTo("m" + count);
    }
    assertThat(archivedSubject(orders))
        .extracting(Catalog.ArchivedSubject::archivedId, Catalog.ArchivedSubject::messages)
        .containsExactly(count, count);
  }

  private Catalog.ArchivedSubject archivedSubject(Subject subject) {
    return catalog.subjects(0, "", 100).stream()
        .filter(known -> known.subject().equals(subject))
        .findFirst()
        .orElseThrow();
  }

  private static void publish(ThreeReplicas.Node node, Subject subject, long from, long to) {
    List<CompletableFuture<?>> published = new ArrayList<>();
    for (long id = from; id <= to; id++) {
      published.add(node.shard(0).publish(List.of(ThreeReplicas.message(subject, "m" + id))));
    }
    published.forEach(CompletableFuture::join);
  }

  private @Nullable Reason reasonOfPublish(ThreeReplicas.Node node) {
    try {
      node.publish(orders, "x");
      return null;
    } catch (CompletionException e) {
      return reason(e);
    }
  }

  private Reason reasonOfFetch(ThreeReplicas.Node node, long id) {
    CompletionException failure =
        catchThrowableOfType(CompletionException.class, () -> node.body(orders, id));
    return reason(failure);
  }

  private static Reason reason(CompletionException failure) {
    if (failure.getCause() instanceof BrokerException refusal) {
      return refusal.reason();
    }
    throw new AssertionError("not a refusal", failure);
  }

  private void crash(CrashPoint point) {
    if (crashAt.compareAndSet(point, null)) {
      throw new ArchiveException("crash of the test at " + point);
    }
  }

  /** The real one, with an end in the middle, and slow searches. */
  private final class CrashingArchive implements Archive {
    @Override
    public CompletableFuture<Void> write(List<StoredMessage> messages, long nowMillis) {
      crash(CrashPoint.BEFORE_ARCHIVE);
      return archive.write(messages, nowMillis).thenRun(() -> crash(CrashPoint.AFTER_ARCHIVE));
    }

    @Override
    public CompletableFuture<@Nullable StoredMessage> message(Subject subject, long id) {
      return archive.message(subject, id);
    }

    @Override
    public CompletableFuture<ArchivedRun> read(
        Subject subject, long fromId, long toId, int maxBytes) {
      return archive.read(subject, fromId, toId, maxBytes);
    }

    @Override
    public CompletableFuture<Long> firstIdAtOrAfter(Subject subject, long toId, long timeMillis) {
      return CompletableFuture.runAsync(
              () -> {}, CompletableFuture.delayedExecutor(searchMillis, TimeUnit.MILLISECONDS))
          .thenCompose(waited -> archive.firstIdAtOrAfter(subject, toId, timeMillis));
    }

    @Override
    public CompletableFuture<Long> remove(
        Subject subject, long fromId, long toId, boolean partly, long publishedByMillis) {
      crash(CrashPoint.BEFORE_REMOVAL);
      return archive
          .remove(subject, fromId, toId, partly, publishedByMillis)
          .whenComplete((upToId, failure) -> crash(CrashPoint.AFTER_REMOVAL));
    }

    @Override
    public void close() {}
  }

  /** The real one, with an end before and after what it records. */
  private final class CrashingCatalog implements Catalog {
    @Override
    public Optional<ArchivedShard> shard(int shard) {
      return catalog.shard(shard);
    }

    @Override
    public void open(int shard, Incarnation incarnation, long skippedIds) {
      catalog.open(shard, incarnation, skippedIds);
    }

    @Override
    public void record(ArchiveStep step) {
      crash(CrashPoint.BEFORE_CATALOG);
      catalog.record(step);
      crash(CrashPoint.AFTER_CATALOG);
    }

    @Override
    public List<ArchivedSubject> subjects(int shard, String afterName, int limit) {
      return catalog.subjects(shard, afterName, limit);
    }

    @Override
    public Map<Subject, List<ReservedRun>> reserved(List<Subject> subjects) {
      return catalog.reserved(subjects);
    }

    @Override
    public void close() {}
  }
}
