package org.raftbroker.server.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.raftbroker.raft.ReplicaStatus;
import org.raftbroker.raft.Shard;
import org.raftbroker.raft.Shards;

/**
 * The state of this node's replicas. Asks each once for a scrape, so that the numbers of one scrape
 * belong together: an applied index is never ahead of its commit index because of when it was read.
 */
final class ShardCollector implements MultiCollector {
  private final Shards shards;

  ShardCollector(Shards shards) {
    this.shards = shards;
  }

  @Override
  public MetricSnapshots collect() {
    List<ReplicaStatus> statuses =
        shards.all().stream().map(Shard::status).filter(status -> !status.isAbsent()).toList();
    return MetricSnapshots.of(
        gauge(
            statuses,
            "broker_shard_leader",
            "1 if this node leads the shard, else 0",
            status -> status.role() == ReplicaStatus.Role.LEADER ? 1 : 0),
        gauge(
            statuses,
            "broker_shard_leader_known",
            "1 if this node knows who leads the shard, else 0: publishes to it wait",
            status -> status.leaderId() == null ? 0 : 1),
        gauge(statuses, "broker_shard_term", "Raft term of the replica", ReplicaStatus::term),
        gauge(
            statuses,
            "broker_shard_commit_index",
            "Highest log entry known to be on a majority; -1 if none",
            ReplicaStatus::commitIndex),
        gauge(
            statuses,
            "broker_shard_applied_index",
            "Highest log entry that is in the store; -1 if none",
            ReplicaStatus::appliedIndex),
        gauge(
            statuses,
            "broker_shard_snapshot_index",
            "Highest log entry that the newest snapshot covers; -1 if none",
            ReplicaStatus::snapshotIndex),
        gauge(
            statuses,
            "broker_shard_problem",
            "1 if the replica is out of service, else 0; /readyz says why",
            status -> status.problem() == null ? 0 : 1),
        gauge(
            statuses,
            "broker_store_bytes",
            "Size of the shard's store on disk",
            ReplicaStatus::storeBytes),
        gauge(
            statuses,
            "broker_store_subjects",
            "Subjects in the shard's store",
            ReplicaStatus::subjects),
        gauge(
            statuses,
            "broker_backlog_messages",
            "Messages of the shard that are to be archived; 0 without an archive",
            status -> status.archive().backlogMessages()),
        gauge(
            statuses,
            "broker_backlog_bytes",
            "Encoded bytes of those messages; archive.maxBacklogBytes bounds them",
            status -> status.archive().backlogBytes()),
        gauge(
            statuses,
            "broker_archived_index",
            "Highest log entry up to which everything is archived; -1 if none",
            status -> status.archive().archivedIndex()));
  }

  private static MetricSnapshot gauge(
      List<ReplicaStatus> statuses,
      String name,
      String help,
      ToDoubleFunction<ReplicaStatus> value) {
    GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
    for (ReplicaStatus status : statuses) {
      gauge.dataPoint(
          GaugeDataPointSnapshot.builder()
              .labels(Labels.of("shard", Integer.toString(status.shard())))
              .value(value.applyAsDouble(status))
              .build());
    }
    return gauge.build();
  }
}
