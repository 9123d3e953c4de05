package org.raftbroker.systemtests.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What can be said of rules and dashboards without a Prometheus. */
class MonitoringFilesTest {
  private static final Path ROOT = Path.of("..");
  private static final Path RULE_TESTS =
      ROOT.resolve("deploy/prometheus/raftbroker.rules.test.yaml");
  private static final Pattern RECORD_NAME =
      Pattern.compile("job(_[a-z]+)*:(up|broker_[a-z_]+|jvm_[a-z_]+):[a-z0-9_]+");
  private static final Pattern ALERT_NAME = Pattern.compile("RaftBroker[A-Za-z]+");

  static Stream<Rule> alerts() {
    return Rule.all().stream().filter(Rule::isAlert);
  }

  static Stream<Rule> records() {
    return Rule.all().stream().filter(rule -> !rule.isAlert());
  }

  static Stream<Dashboard> dashboards() {
    return Dashboard.all().stream();
  }

  @ParameterizedTest
  @MethodSource("alerts")
  void anAlertSaysHowBadItIsAndWhatToDo(Rule alert) throws IOException {
    assertThat(alert.name()).matches(ALERT_NAME);
    assertThat(alert.pending()).matches("[0-9]+[mh]");
    assertThat(alert.severity()).isIn("page", "ticket");
    assertThat(alert.summary()).isNotBlank();
    assertThat(alert.description()).isNotBlank();

    String[] runbook = alert.runbook().split("#", 2);
    assertThat(runbook).hasSize(2);
    assertThat(anchors(ROOT.resolve(runbook[0]))).contains(runbook[1]);
  }

  @ParameterizedTest
  @MethodSource("alerts")
  void theTableExplainsEachAlert(Rule alert) throws IOException {
    assertThat(Files.readAllLines(ROOT.resolve("docs/monitoring.md")))
        .filteredOn(line -> line.startsWith("| `" + alert.name() + "` |"))
        .singleElement()
        .asString()
        .contains("| " + alert.severity() + " |")
        .contains("](" + alert.runbook().replace("docs/", "") + ")");
  }

  @Test
  void theTableHasNoOtherAlerts() throws IOException {
    Matcher matcher =
        Pattern.compile("`(RaftBroker[A-Za-z]+)`")
            .matcher(Files.readString(ROOT.resolve("docs/monitoring.md")));
    Set<String> explained =
        matcher.results().map(found -> found.group(1)).collect(Collectors.toSet());

    assertThat(explained).isEqualTo(alerts().map(Rule::name).collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("alerts")
  void anAlertIsShownToFireAndNotToFire(Rule alert) {
    List<Boolean> fired =
        Yaml.read(RULE_TESTS).at("tests").items().stream()
            .flatMap(test -> test.at("alert_rule_test").items().stream())
            .filter(test -> test.at("alertname").text().equals(alert.name()))
            .map(test -> !test.at("exp_alerts").items().isEmpty())
            .toList();

    assertThat(fired).contains(true, false);
  }

  @ParameterizedTest
  @MethodSource("records")
  void aRecordingIsNamedByTheConventionAndHasAValueChecked(Rule recording) {
    assertThat(recording.name()).matches(RECORD_NAME);
    assertThat(Yaml.read(RULE_TESTS).at("tests").items())
        .flatExtracting(test -> test.at("promql_expr_test").items())
        .anySatisfy(
            test -> {
              assertThat(new Expression(test.at("expr").text()).matchedLabelsByMetric())
                  .containsKey(recording.name());
              assertThat(test.at("exp_samples").items()).isNotEmpty();
            });
  }

  @Test
  void dashboardsCanBeToldApart() {
    assertThat(Dashboard.all()).hasSizeGreaterThan(3);
    assertThat(Dashboard.all())
        .extracting(Dashboard::uid)
        .doesNotHaveDuplicates()
        .doesNotContain("");
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void panelsDoNotOverlap(Dashboard dashboard) {
    List<Dashboard.Panel> panels = dashboard.panels();
    for (int i = 0; i < panels.size(); i++) {
      assertThat(panels.get(i).x() + panels.get(i).width()).isLessThanOrEqualTo(24);
      for (int j = 0; j < i; j++) {
        assertThat(panels.get(i).overlaps(panels.get(j)))
            .as("%s and %s", panels.get(i).title(), panels.get(j).title())
            .isFalse();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dashboards")
  void panelsAreExplainedAndTakeTheirDataFromTheChosenSource(Dashboard dashboard) {
    assertThat(dashboard.variables())
        .anySatisfy(
            variable -> {
              assertThat(variable.at("name").text()).isEqualTo("datasource");
              assertThat(variable.at("query").text()).isEqualTo("prometheus");
            });
    Set<String> alerts = alerts().map(Rule::name).collect(Collectors.toSet());
    Set<Integer> ids = new HashSet<>();
    for (Dashboard.Panel panel : dashboard.panels()) {
      assertThat(panel.title()).isNotBlank();
      assertThat(ids.add(panel.json().at("id").number())).as("id of %s", panel.title()).isTrue();
      if (panel.isRow()) {
        continue;
      }
      String description = panel.json().at("description").text();
      assertThat(description).as(panel.title()).isNotBlank();
      assertThat(ALERT_NAME.matcher(description).results().map(found -> found.group()))
          .as(panel.title())
          .isSubsetOf(alerts);
      assertThat(panel.json().at("fieldConfig").at("defaults").at("unit").text())
          .as(panel.title())
          .isNotEmpty();
      assertThat(panel.expressions()).as(panel.title()).isNotEmpty().doesNotContain("");
      assertThat(panel.json().at("targets").items())
          .allSatisfy(
              target ->
                  assertThat(target.at("datasource").at("uid").text()).isEqualTo("${datasource}"));
    }
  }

  /** Of the headings of a page, as GitHub makes them. */
  private static Set<String> anchors(Path page) throws IOException {
    return Files.readAllLines(page).stream()
        .filter(line -> line.startsWith("#"))
        .map(line -> line.replaceFirst("^#+ +", "").toLowerCase(Locale.ROOT))
        .map(heading -> heading.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }
}
