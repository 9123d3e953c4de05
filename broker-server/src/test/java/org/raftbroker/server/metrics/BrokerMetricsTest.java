package org.raftbroker.server.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.grpc.Status;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shards;
import org.raftbroker.server.delivery.Lag;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.ReportedMembership;
import org.raftbroker.storage.ArchiveState;
import org.raftbroker.storage.Incarnation;

/** What Prometheus reads: the text of a scrape after known calls. */
class BrokerMetricsTest {
  private static final long MILLISECOND = 1_000_000;

  private final BrokerMetrics metrics = new BrokerMetrics();

  @AfterEach
  void close() {
    metrics.close();
  }

  @Test
  void publishesAreCountedByMessageAndTimedByCall() {
    metrics.onPublished(3, 300, 2 * MILLISECOND);
    metrics.onPublished(1, 50, 7 * MILLISECOND);

    assertThat(lines("broker_messages_published"))
        .containsExactly(
            "# TYPE broker_messages_published_total counter",
            "broker_messages_published_total 4.0");
    assertThat(lines("broker_publish_bytes"))
        .containsExactly(
            "# TYPE broker_publish_bytes_total counter", "broker_publish_bytes_total 350.0");
    assertThat(lines("broker_publish_duration_seconds"))
        .contains(
            "# TYPE broker_publish_duration_seconds histogram",
            "broker_publish_duration_seconds_bucket{le=\"5.0E-4\"} 0",
            "broker_publish_duration_seconds_bucket{le=\"0.001\"} 0",
            "broker_publish_duration_seconds_bucket{le=\"0.0025\"} 1",
            "broker_publish_duration_seconds_bucket{le=\"0.005\"} 1",
            "broker_publish_duration_seconds_bucket{le=\"0.01\"} 2",
            "broker_publish_duration_seconds_bucket{le=\"10.0\"} 2",
            "broker_publish_duration_seconds_bucket{le=\"+Inf\"} 2",
            "broker_publish_duration_seconds_count 2",
            "broker_publish_duration_seconds_sum 0.009");
  }

  @Test
  void activityCountsTheSame() {
    metrics.onPublished(3, 300, 2 * MILLISECOND);
    metrics.onDelivered(2, 500);
    metrics.onFetched(120, 7 * MILLISECOND);
    metrics.onError("Publish", Status.Code.UNAVAILABLE, "NO_QUORUM");
    metrics.onError("Fetch", Status.Code.NOT_FOUND, "ID_NOT_PUBLISHED");

    Activity activity = metrics.activity();

    assertThat(activity.published()).isEqualTo(3);
    assertThat(activity.publishedBytes()).isEqualTo(300);
    assertThat(activity.delivered()).isEqualTo(2);
    assertThat(activity.deliveredBytes()).isEqualTo(500);
    assertThat(activity.fetched()).isEqualTo(1);
    assertThat(activity.errors()).isEqualTo(2);
    assertThat(activity.publishes().count()).isEqualTo(1);
    assertThat(activity.publishes().buckets())
        .contains(new Activity.Bucket(0.001, 0), new Activity.Bucket(0.0025, 1))
        .hasSize(14);
    assertThat(activity.fetches().buckets()).contains(new Activity.Bucket(0.01, 1));
  }

  @Test
  void fetchesAndDeliveriesAreCounted() {
    metrics.onFetched(120, MILLISECOND);
    metrics.onDelivered(100, 25_600);
    metrics.onDelivered(1, 256);

    assertThat(lines("broker_messages_fetched")).contains("broker_messages_fetched_total 1.0");
    assertThat(lines("broker_fetch_bytes")).contains("broker_fetch_bytes_total 120.0");
    assertThat(lines("broker_fetch_duration_seconds"))
        .contains("broker_fetch_duration_seconds_bucket{le=\"0.001\"} 1");
    assertThat(lines("broker_messages_delivered"))
        .contains("broker_messages_delivered_total 101.0");
    assertThat(lines("broker_delivered_bytes")).contains("broker_delivered_bytes_total 25856.0");
  }

  @Test
  void batchesOfGroupCommitAreMeasured() {
    metrics.onCommitted(0, 1, 300, MILLISECOND);
    metrics.onCommitted(2, 400, 120_000, 20 * MILLISECOND);
    metrics.onRetry(2, "no leader");

    assertThat(lines("broker_commit_batch_messages"))
        .contains(
            "# TYPE broker_commit_batch_messages histogram",
            "broker_commit_batch_messages_bucket{le=\"1.0\"} 1",
            "broker_commit_batch_messages_bucket{le=\"256.0\"} 1",
            "broker_commit_batch_messages_bucket{le=\"512.0\"} 2",
            "broker_commit_batch_messages_sum 401.0");
    assertThat(lines("broker_commit_batch_bytes"))
        .contains(
            "broker_commit_batch_bytes_bucket{le=\"256.0\"} 0",
            "broker_commit_batch_bytes_bucket{le=\"131072.0\"} 2",
            "broker_commit_batch_bytes_sum 120300.0");
    assertThat(lines("broker_commit_duration_seconds"))
        .contains("broker_commit_duration_seconds_count 2");
    assertThat(lines("broker_commit_retries")).contains("broker_commit_retries_total 1.0");
  }

  @Test
  void errorsAreCountedByMethodCodeAndReason() {
    metrics.onError("Publish", Status.Code.UNAVAILABLE, "NO_QUORUM");
    metrics.onError("Publish", Status.Code.UNAVAILABLE, "NO_QUORUM");
    metrics.onError("Fetch", Status.Code.NOT_FOUND, "ID_RESERVED");
    metrics.onError("Forward", Status.Code.CANCELLED, "");

    assertThat(lines("broker_errors"))
        .containsExactlyInAnyOrder(
            "# TYPE broker_errors_total counter",
            "broker_errors_total{code=\"UNAVAILABLE\",method=\"Publish\",reason=\"NO_QUORUM\"} 2.0",
            "broker_errors_total{code=\"NOT_FOUND\",method=\"Fetch\",reason=\"ID_RESERVED\"} 1.0",
            "broker_errors_total{code=\"CANCELLED\",method=\"Forward\",reason=\"\"} 1.0");
  }

  @Test
  void namesThatClientsMakeUpAddNoSeries() {
    for (int i = 0; i < 1_000; i++) {
      metrics.onError("Made" + i, Status.Code.UNIMPLEMENTED, "UP_" + i);
    }

    assertThat(lines("broker_errors"))
        .containsExactly(
            "# TYPE broker_errors_total counter",
            "broker_errors_total{code=\"UNIMPLEMENTED\",method=\"other\",reason=\"other\"} 1000.0");
  }

  @Test
  void eachShardShowsItsReplica() {
    metrics.watch(
        new Shards(
            List.of(
                new ScriptedShard(
                    new ReplicaStatus(
                        0,
                        ReplicaStatus.Role.LEADER,
                        "n1",
                        7,
                        120,
                        119,
                        100,
                        4096,
                        3,
                        null,
                        new ArchiveState(new Incarnation(1, 7), true, 90, 12, 13, 3_000))),
                new ScriptedShard(
                    new ReplicaStatus(
                        1,
                        ReplicaStatus.Role.QUARANTINED,
                        null,
                        6,
                        -1,
                        -1,
                        -1,
                        0,
                        0,
                        "damaged",
                        ArchiveState.NONE)))));

    assertThat(lines("broker_backlog_messages{"))
        .containsExactly(
            "broker_backlog_messages{shard=\"0\"} 12.0",
            "broker_backlog_messages{shard=\"1\"} 0.0");
    assertThat(lines("broker_archived_index{"))
        .containsExactly(
            "broker_archived_index{shard=\"0\"} 90.0", "broker_archived_index{shard=\"1\"} -1.0");

    assertThat(lines("broker_shard_leader{"))
        .containsExactly(
            "broker_shard_leader{shard=\"0\"} 1.0", "broker_shard_leader{shard=\"1\"} 0.0");
    assertThat(lines("broker_shard_leader_known{"))
        .containsExactly(
            "broker_shard_leader_known{shard=\"0\"} 1.0",
            "broker_shard_leader_known{shard=\"1\"} 0.0");
    assertThat(lines("broker_shard_term"))
        .containsExactly(
            "# TYPE broker_shard_term gauge",
            "broker_shard_term{shard=\"0\"} 7.0",
            "broker_shard_term{shard=\"1\"} 6.0");
    assertThat(scrape())
        .contains("\nbroker_shard_commit_index{shard=\"0\"} 120.0\n")
        .contains("\nbroker_shard_applied_index{shard=\"0\"} 119.0\n")
        .contains("\nbroker_shard_snapshot_index{shard=\"0\"} 100.0\n")
        .contains("\nbroker_shard_problem{shard=\"0\"} 0.0\n")
        .contains("\nbroker_shard_problem{shard=\"1\"} 1.0\n")
        .contains("\nbroker_store_bytes{shard=\"0\"} 4096.0\n")
        .contains("\nbroker_store_subjects{shard=\"0\"} 3.0\n");
  }

  @Test
  void aScrapeAsksEachShardAndTheSubscriptionsOnce() {
    ScriptedShard shard =
        new ScriptedShard(
            new ReplicaStatus(
                0, ReplicaStatus.Role.FOLLOWER, "n2", 1, 1, 1, -1, 0, 0, null, ArchiveState.NONE));
    ScriptedDelivery delivery = new ScriptedDelivery(5, new Lag(40, 90));
    metrics.watch(new Shards(List.of(shard)));
    metrics.watch(delivery);
    int shardAsked = shard.asked();
    int deliveryAsked = delivery.asked();

    scrape();

    assertThat(shard.asked() - shardAsked).isEqualTo(1);
    assertThat(delivery.asked() - deliveryAsked).isEqualTo(1);
  }

  @Test
  void membersAreCountedByState() {
    Address anywhere = new Address("127.0.0.1", 1);
    ReportedMembership membership =
        new ReportedMembership(new Member("n1", anywhere, anywhere, anywhere));
    membership.report(new Member("n2", anywhere, anywhere, anywhere), Presence.UP);
    membership.report(new Member("n3", anywhere, anywhere, anywhere), Presence.FAILED);
    metrics.watch(membership);

    assertThat(scrape())
        .contains("\nbroker_members{state=\"up\"} 2.0\n")
        .contains("\nbroker_members{state=\"failed\"} 1.0\n")
        .contains("\nbroker_members{state=\"left\"} 0.0\n");
  }

  @Test
  void subscriptionsShowTheirLag() {
    metrics.watch(new ScriptedDelivery(5, new Lag(40, 90)));

    assertThat(scrape())
        .contains("# TYPE broker_subscriptions gauge\nbroker_subscriptions 5.0\n")
        .contains("\nbroker_subscription_lag_max_messages 40.0\n")
        .contains("\nbroker_subscription_lag_messages 90.0\n");
  }

  @Test
  void theDiskOfTheDataIsShown(@TempDir Path dataDir) {
    metrics.watch(dataDir);

    assertThat(scrape())
        .containsPattern("\nbroker_disk_free_bytes [0-9]")
        .containsPattern("\nbroker_disk_total_bytes [1-9]");
  }

  @Test
  void aDiskThatCannotBeAskedIsNotCalledFull() {
    metrics.watch(Path.of("not", "there"));

    assertThat(scrape()).contains("\nbroker_disk_free_bytes NaN\n");
  }

  @Test
  void theProcessIsShown() {
    assertThat(scrape())
        .containsPattern("\nbroker_build_info\\{java=\"[^\"]+\",version=\"[^\"]+\"} 1\n")
        .contains("\njvm_memory_used_bytes{area=\"heap\"")
        .contains("\njvm_gc_memory_allocated_bytes_total ")
        .contains("\njvm_threads_live_threads ")
        .contains("\nprocess_cpu_usage ")
        .contains("\nprocess_files_open_files ")
        .contains("\nprocess_uptime_seconds ")
        .containsPattern("\nprocess_resident_memory_bytes [1-9]");
  }

  @Test
  void everyNameOfOursIsWellFormedAndExplained() {
    metrics.onError("Publish", Status.Code.INTERNAL, "");
    String text = scrape();

    List<String> names =
        text.lines()
            .filter(line -> line.startsWith("# TYPE broker_"))
            .map(line -> line.replaceAll("# TYPE | [a-z]+$", ""))
            .toList();
    assertThat(names).hasSizeGreaterThan(12);
    assertThat(names)
        .allMatch(name -> Pattern.matches("[a-z]+(_[a-z]+)+", name))
        .allMatch(name -> text.contains("# HELP " + name + " "));
  }

  static Stream<Runnable> hotPath() {
    BrokerMetrics metrics = new BrokerMetrics();
    metrics.onError("Publish", Status.Code.UNAVAILABLE, "NO_QUORUM");
    return Stream.of(
        () -> metrics.onPublished(1, 256, MILLISECOND),
        () -> metrics.onFetched(256, MILLISECOND),
        () -> metrics.onDelivered(10, 2_560),
        () -> metrics.onCommitted(0, 100, 25_600, MILLISECOND),
        () -> metrics.onRetry(0, "no leader"),
        () -> metrics.onError("Publish", Status.Code.UNAVAILABLE, "NO_QUORUM"));
  }

  @ParameterizedTest
  @MethodSource("hotPath")
  void theHotPathAllocatesNothing(Runnable call) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int calls = 20_000;
    for (int i = 0; i < calls; i++) {
      call.run();
    }

    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < calls; i++) {
      call.run();
    }
    long allocated = threads.getCurrentThreadAllocatedBytes() - before;

    // Not zero: asking costs a few bytes, and a histogram turns its ring over now and then.
    assertThat(allocated).isLessThan(calls);
  }

  /** The lines of a scrape about metrics whose names begin so, without the explanations. */
  private List<String> lines(String name) {
    return scrape()
        .lines()
        .filter(line -> line.startsWith(name) || line.startsWith("# TYPE " + name))
        .toList();
  }

  private String scrape() {
    return metrics.scrape();
  }
}
