package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.monitoring.Dashboard;
import org.raftbroker.systemtests.monitoring.Expression;
import org.raftbroker.systemtests.monitoring.Rule;

/**
 * A real Prometheus with the rules of {@code deploy/prometheus} beside real nodes: everything that
 * rules and dashboards ask for is there, nothing wakes anybody while all is well, and the right
 * alerts fire when nodes die.
 */
@Tag("system")
@Isolated // measures times
class PrometheusTest {
  private static final Duration BOUND = Duration.ofSeconds(40);

  /** How long alerts wait. In the rules that is minutes to hours, and nobody waits so long here. */
  private static final Pattern PENDING = Pattern.compile("(?m)^( +for:) .+$");

  /**
   * But for alerts about the machine that the test runs on, its disk and how fast it starts; and
   * for the one that nothing is scraped: Prometheus looks for targets five seconds after its start.
   */
  private static final String WOKE_SOMEBODY =
      "last_over_time(ALERTS{severity=\"page\", alertstate=\"firing\","
          + " alertname!~\"RaftBroker(DiskAlmostFull|PublishVerySlow|NotScraped)\"}[5m])";

  /** Panels that are empty in a healthy cluster: nobody is refused for its sake, nothing breaks. */
  private static final Set<String> EMPTY_WHEN_WELL = Set.of("Refused for the cluster", "INTERNAL");

  @RegisterExtension final OwnCluster own = new OwnCluster();
  @TempDir Path directory;

  @Test
  void rulesAndDashboardsFindWhatTheyAskForAndAlertsFireWhenNodesDie() throws IOException {
    Prometheus.requireOrSkip();
    LocalCluster cluster = own.start(ClusterSpec.DEFAULT, directory);
    Path log = TestLogs.directory("PrometheusTest.prometheus.log");
    try (Prometheus prometheus = Prometheus.start(config(cluster), directory, log);
        Inbox<MessageResponse> subscription = subscribe(cluster.client(2))) {
      assertThat(subscription).isNotNull();

      Map<String, String> up =
          targets(cluster).stream().collect(Collectors.toMap(target -> target, target -> "up"));
      Awaitility.await("all targets are up")
          .atMost(BOUND)
          .untilAsserted(() -> assertThat(prometheus.healthByTarget()).isEqualTo(up));
      Awaitility.await("every rule was evaluated")
          .atMost(BOUND)
          .untilAsserted(
              () -> {
                assertThat(prometheus.healthByRule().keySet())
                    .isEqualTo(Rule.all().stream().map(Rule::name).collect(Collectors.toSet()));
                assertThat(prometheus.healthByRule().values()).containsOnly("ok");
              });
      Awaitility.await("whatever is to show something does")
          .atMost(BOUND)
          .untilAsserted(
              () -> {
                useAllNodes(cluster);
                assertThat(withoutValues(prometheus)).isEmpty();
              });
      // What has a value now is recorded when rules are evaluated next.
      Awaitility.await("every name that is asked for is there")
          .atMost(BOUND)
          .untilAsserted(() -> assertThat(unknownNames(prometheus.labelsByMetric())).isEmpty());
      assertThat(prometheus.alertsOf(WOKE_SOMEBODY)).as("pages of a healthy cluster").isEmpty();

      String third = targets(cluster).get(2);
      cluster.node(3).kill();
      Awaitility.await("a dead node is noticed by Prometheus, and by the others")
          .atMost(BOUND)
          .untilAsserted(
              () -> {
                assertThat(firing(prometheus))
                    .contains("RaftBrokerNodeDown " + third, "RaftBrokerMemberFailed ");
                assertThat(firing(prometheus)).doesNotContain("RaftBrokerShardWithoutLeader ");
              });

      cluster.node(2).kill();
      Awaitility.await("shards without a majority are noticed")
          .atMost(BOUND)
          .untilAsserted(
              () -> assertThat(firing(prometheus)).contains("RaftBrokerShardWithoutLeader "));
    }
  }

  private static Set<String> firing(Prometheus prometheus) {
    return prometheus
        .alerts()
        .filter(Prometheus.Alert::fires)
        .map(alert -> alert.name() + " " + alert.instance())
        .collect(Collectors.toSet());
  }

  /** Expressions that bring nothing; fails if Prometheus does not accept one. */
  private static List<String> withoutValues(Prometheus prometheus) {
    List<String> empty = new ArrayList<>();
    for (Rule rule : Rule.all()) {
      // An alert brings something when something is wrong.
      if (prometheus.valuesOf(hurried(rule.expression())) == 0 && !rule.isAlert()) {
        empty.add(rule.name());
      }
    }
    for (Dashboard dashboard : Dashboard.all()) {
      for (Dashboard.Panel panel : dashboard.panels()) {
        for (String expression : panel.expressions()) {
          if (prometheus.valuesOf(chosen(expression)) == 0
              && !EMPTY_WHEN_WELL.contains(panel.title())) {
            empty.add(dashboard.file() + ", " + panel.title() + ": " + expression);
          }
        }
      }
      for (String expression : dashboard.variableExpressions()) {
        if (prometheus.valuesOf(chosen(expression)) == 0) {
          empty.add(dashboard.file() + ", variables: " + expression);
        }
      }
    }
    return empty;
  }

  /** Metrics and labels that rules and dashboards name, and that are nowhere. */
  private static Collection<String> unknownNames(SortedMap<String, SortedSet<String>> known) {
    Stream<String> all =
        Stream.concat(
            Rule.all().stream().map(Rule::expression),
            Dashboard.all().stream()
                .flatMap(
                    dashboard ->
                        Stream.concat(
                            dashboard.panels().stream()
                                .flatMap(panel -> panel.expressions().stream()),
                            dashboard.variableExpressions().stream())));
    SortedSet<String> unknown = new TreeSet<>();
    all.forEach(
        text -> {
          Expression expression = new Expression(text);
          SortedSet<String> labels = new TreeSet<>();
          expression
              .matchedLabelsByMetric()
              .forEach(
                  (metric, matched) -> {
                    SortedSet<String> present = known.getOrDefault(metric, new TreeSet<>());
                    labels.addAll(present);
                    if (present.isEmpty()) {
                      unknown.add(metric);
                    }
                    matched.stream()
                        .filter(label -> !present.contains(label))
                        .forEach(label -> unknown.add(metric + "{" + label + "}"));
                  });
          expression.groupingLabels().stream()
              .filter(label -> !labels.contains(label))
              .forEach(label -> unknown.add(label + " of " + text));
        });
    return unknown;
  }

  /** A minute of the past is a second here, for the same reason. */
  private static String hurried(String expression) {
    return expression.replace("offset 1m", "offset 1s");
  }

  /** With what Grafana puts in where nobody has chosen anything. */
  private static String chosen(String expression) {
    return hurried(expression)
        .replace("$__rate_interval", "10s")
        .replace("$job", "raftbroker")
        .replace("$instance", ".*")
        .replace("$shard", ".*");
  }

  private Path config(LocalCluster cluster) throws IOException {
    String rules = hurried(Files.readString(Rule.FILE));
    Files.writeString(directory.resolve("rules.yaml"), PENDING.matcher(rules).replaceAll("$1 5s"));
    return Files.writeString(
        directory.resolve("prometheus.yaml"),
        """
        global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
        rule_files: [rules.yaml]
        scrape_configs:
          - job_name: raftbroker
            static_configs: [{targets: ["%s"]}]
        """
            .formatted(String.join("\", \"", targets(cluster))));
  }

  private static List<String> targets(LocalCluster cluster) {
    return IntStream.rangeClosed(1, cluster.size())
        .mapToObj(n -> "127.0.0.1:" + cluster.node(n).place().httpPort())
        .toList();
  }

  private static Inbox<MessageResponse> subscribe(NodeClient node) {
    return Inbox.open(
        node,
        BrokerGrpc.getSubscribeMethod(),
        SubscribeRequest.newBuilder().setSubject("watched").setFromId(1).build());
  }

  /** A publish, a fetch and a refusal at each node. */
  private static void useAllNodes(LocalCluster cluster) {
    for (NodeClient node : cluster.clients()) {
      long id = node.publish("watched", "closely");
      MessageResponse fetched =
          node.broker(BOUND)
              .fetch(FetchRequest.newBuilder().setSubject("watched").setId(id).build());
      assertThat(fetched.getBody().toStringUtf8()).isEqualTo("closely");
      PublishRequest wrong =
          PublishRequest.newBuilder()
              .setSubject("a..b")
              .setBody(ByteString.copyFromUtf8("nowhere"))
              .build();
      assertThat(Refusal.of(() -> node.broker(BOUND).publish(wrong)).code())
          .isEqualTo(Status.Code.INVALID_ARGUMENT);
    }
  }
}
