package org.raftbroker.server.metrics;

import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import org.raftbroker.server.delivery.Delivery;
import org.raftbroker.server.delivery.Lag;

/** This node's subscriptions. Walks them once for a scrape. */
final class DeliveryCollector implements MultiCollector {
  private final Delivery delivery;

  DeliveryCollector(Delivery delivery) {
    this.delivery = delivery;
  }

  @Override
  public MetricSnapshots collect() {
    Lag lag = delivery.lag();
    return MetricSnapshots.of(
        gauge("broker_subscriptions", "Running subscriptions", delivery.subscriptions()),
        gauge(
            "broker_subscription_lag_max_messages",
            "How far the slowest subscription is behind the head of its subject",
            lag.max()),
        gauge(
            "broker_subscription_lag_messages",
            "How far all subscriptions together are behind the heads of their subjects",
            lag.total()));
  }

  private static MetricSnapshot gauge(String name, String help, long value) {
    return GaugeSnapshot.builder()
        .name(name)
        .help(help)
        .dataPoint(GaugeDataPointSnapshot.builder().value((double) value).build())
        .build();
  }
}
