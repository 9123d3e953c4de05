package org.raftbroker.systemtests.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ExpressionTest {
  @Test
  void metricsAreFoundWithTheLabelsThatSelectThem() {
    Expression expression =
        new Expression(
            "sum by (job, le) (rate(a_bucket{job=~\"x{y}.*\", le!=\"1\"}[5m])) / b:c:d * 2e3");

    assertThat(expression.matchedLabelsByMetric())
        .isEqualTo(Map.of("a_bucket", Set.of("job", "le"), "b:c:d", Set.of()));
    assertThat(expression.groupingLabels()).containsExactly("job", "le");
  }

  @Test
  void joinsTimesAndKeywordsAreNoMetrics() {
    Expression expression =
        new Expression(
            "clamp_min((a offset 1m) - on (job, shard) group_right () b, 0) or c unless d > 1"
                + " and deriv(e[$__rate_interval]) >= bool 0");

    assertThat(expression.matchedLabelsByMetric().keySet())
        .containsExactly("a", "b", "c", "d", "e");
    assertThat(expression.groupingLabels()).containsExactly("job", "shard");
  }
}
