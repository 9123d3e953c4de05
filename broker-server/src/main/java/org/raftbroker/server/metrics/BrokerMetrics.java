package org.raftbroker.server.metrics;

import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.distribution.HistogramSnapshot;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.admin.AdminGrpc;
import org.raftbroker.proto.peer.PeerGrpc;
import org.raftbroker.raft.CommitObserver;
import org.raftbroker.raft.Shards;
import org.raftbroker.raft.archive.ArchiveObserver;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.delivery.DeliveryObserver;
import org.raftbroker.server.grpc.RequestObserver;
import org.raftbroker.server.membership.Membership;

/**
 * The metrics of a node, in Prometheus' names and units. The observer methods are called on the hot
 * path by any thread: they add to a few striped counters, allocate nothing and never block. No
 * subject and no client is a label, because there is no bound on either.
 */
public final class BrokerMetrics
    implements CommitObserver, RequestObserver, DeliveryObserver, ArchiveObserver, AutoCloseable {
  /** Of what {@link #scrape} writes. */
  public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

  /**
   * From below one fsync of a fast disk to the longest that a client may wait by default; about
   * three to a decade, which is what a percentile read off them is good for.
   */
  private static final Duration[] LATENCY_BUCKETS = {
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofNanos(2_500_000),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10)
  };

  private static final double[] BATCH_MESSAGES_BUCKETS = {
    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16_384, 65_536
  };

  private static final double[] BATCH_BYTES_BUCKETS = {
    1 << 8, 1 << 10, 1 << 12, 1 << 14, 1 << 16, 1 << 17, 1 << 18, 1 << 19, 1 << 20, 1 << 22, 1 << 23
  };

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

  private final Counter published =
      counter("broker.messages.published", "Messages that were acknowledged to their publishers");
  private final Counter publishedBytes =
      counter("broker.publish.bytes", "Bytes of the bodies of acknowledged messages");
  private final Timer publishDuration =
      timer("broker.publish.duration", "From the arrival of a publish to its acknowledgement");
  private final Counter fetched = counter("broker.messages.fetched", "Messages fetched by id");
  private final Counter fetchedBytes =
      counter("broker.fetch.bytes", "Encoded bytes of messages fetched by id");
  private final Timer fetchDuration =
      timer("broker.fetch.duration", "From the arrival of a fetch to its message");
  private final Counter delivered =
      counter("broker.messages.delivered", "Stored messages handed to subscriptions' transports");
  private final Counter deliveredBytes =
      counter("broker.delivered.bytes", "Encoded bytes handed to subscriptions' transports");
  private final Counter commitRetries =
      counter(
          "broker.commit.retries",
          "Submissions of this node that were not acknowledged and are tried again");
  private final Timer commitDuration =
      timer(
          "broker.commit.duration",
          "From the submission of a log entry by this node to its acknowledgement");
  private final DistributionSummary commitMessages =
      summary(
          "broker.commit.batch.messages",
          "Messages in one log entry of this node",
          BATCH_MESSAGES_BUCKETS);
  private final DistributionSummary commitBytes =
      summary(
          "broker.commit.batch.bytes",
          "Encoded size of one log entry of this node",
          BATCH_BYTES_BUCKETS);
  private final Counter archived =
      counter("broker.messages.archived", "Messages that this node has moved to the archive");
  private final Counter archivedBytes =
      counter("broker.archived.bytes", "Encoded bytes of those messages");
  private final Counter archiveFailures =
      counter("broker.archive.failures", "Failed steps of this node's archivers; tried again");
  private final Timer archiveStepDuration =
      timer(
          "broker.archive.step.duration",
          "From the beginning of a step of an archiver to its entry in the log");
  private final ErrorCounters errors =
      new ErrorCounters(
          registry,
          List.of(
              BrokerGrpc.getServiceDescriptor(),
              AdminGrpc.getServiceDescriptor(),
              PeerGrpc.getServiceDescriptor()));
  private final ProcessMetrics process = new ProcessMetrics(registry);

  public BrokerMetrics() {
    // A name that is taken, or labels that do not fit, is a defect: say so at start, not never.
    registry.throwExceptionOnRegistrationFailure();
    String version = BrokerMetrics.class.getPackage().getImplementationVersion();
    Gauge.builder("broker.build.info", () -> 1)
        .description("Always 1; the labels say what runs")
        .tag("version", version == null ? "unpackaged" : version)
        .tag("java", Runtime.version().toString())
        .strongReference(true)
        .register(registry);
  }

  /** Shows the replicas of this node from now on. Call once. */
  public void watch(Shards shards) {
    registry.getPrometheusRegistry().register(new ShardCollector(shards));
  }

  /** Shows the subscriptions of this node from now on. Call once. */
  public void watch(Delivery delivery) {
    registry.getPrometheusRegistry().register(new DeliveryCollector(delivery));
  }

  /** Shows the members that this node knows from now on. Call once. */
  public void watch(Membership membership) {
    registry.getPrometheusRegistry().register(new MembershipCollector(membership));
  }

  /** Shows how much room there is where the node keeps its data from now on. Call once. */
  public void watch(Path dataDir) {
    DiskMetrics.register(registry, dataDir);
  }

  /** Everything, as of now. Any thread. */
  public String scrape() {
    return registry.scrape(CONTENT_TYPE);
  }

  /** What this node has done, as of now. Any thread. */
  public Activity activity() {
    return new Activity(
        System.currentTimeMillis(),
        (long) published.count(),
        (long) publishedBytes.count(),
        (long) delivered.count(),
        (long) deliveredBytes.count(),
        (long) fetched.count(),
        errors.total(),
        durations(publishDuration),
        durations(fetchDuration));
  }

  private static Activity.Durations durations(Timer timer) {
    HistogramSnapshot snapshot = timer.takeSnapshot();
    return new Activity.Durations(
        snapshot.count(),
        Arrays.stream(snapshot.histogramCounts())
            .map(
                bucket ->
                    new Activity.Bucket(bucket.bucket(TimeUnit.SECONDS), (long) bucket.count()))
            .toList());
  }

  @Override
  public void onPublished(int messages, long bodyBytes, long nanos) {
    published.increment(messages);
    publishedBytes.increment((double) bodyBytes);
    publishDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onFetched(long frameBytes, long nanos) {
    fetched.increment();
    fetchedBytes.increment((double) frameBytes);
    fetchDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onError(String method, Status.Code code, String reason) {
    errors.count(method, code, reason);
  }

  @Override
  public void onDelivered(int messages, long frameBytes) {
    delivered.increment(messages);
    deliveredBytes.increment((double) frameBytes);
  }

  @Override
  public void onCommitted(int shard, int messages, int bytes, long nanos) {
    commitMessages.record(messages);
    commitBytes.record(bytes);
    commitDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onArchived(int shard, int messages, long bytes, long nanos) {
    archived.increment(messages);
    archivedBytes.increment((double) bytes);
    archiveStepDuration.record(nanos, TimeUnit.NANOSECONDS);
  }

  @Override
  public void onArchiveFailure(int shard) {
    archiveFailures.increment();
  }

  @Override
  public void onRetry(int shard, String cause) {
    commitRetries.increment();
  }

  @Override
  public void close() {
    process.close();
    registry.close();
  }

  private Counter counter(String name, String description) {
    return Counter.builder(name).description(description).register(registry);
  }

  private Timer timer(String name, String description) {
    return Timer.builder(name)
        .description(description)
        .serviceLevelObjectives(LATENCY_BUCKETS)
        .register(registry);
  }

  private DistributionSummary summary(String name, String description, double[] buckets) {
    return DistributionSummary.builder(name)
        .description(description)
        .serviceLevelObjectives(buckets)
        .register(registry);
  }
}
