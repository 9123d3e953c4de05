package org.raftbroker.server.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.Locale;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.Presence;

/** How many members this node knows in each state; a state without members is shown as 0. */
final class MembershipCollector implements MultiCollector {
  private final Membership membership;

  MembershipCollector(Membership membership) {
    this.membership = membership;
  }

  @Override
  public MetricSnapshots collect() {
    List<MemberView> members = membership.members();
    GaugeSnapshot.Builder gauge =
        GaugeSnapshot.builder()
            .name("broker_members")
            .help("Members as this node sees them, itself included, by state");
    for (Presence presence : Presence.values()) {
      gauge.dataPoint(
          GaugeDataPointSnapshot.builder()
              .labels(Labels.of("state", presence.name().toLowerCase(Locale.ROOT)))
              .value((double) members.stream().filter(view -> view.presence() == presence).count())
              .build());
    }
    return MetricSnapshots.of(gauge.build());
  }
}
