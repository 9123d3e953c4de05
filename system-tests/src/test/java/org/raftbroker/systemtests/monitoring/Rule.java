package org.raftbroker.systemtests.monitoring;

import java.nio.file.Path;
import java.util.List;

/**
 * A rule of {@code deploy/prometheus}.
 *
 * @param name of the alert, or of the metric that is recorded
 * @param pending how long an alert has to hold before it fires; empty if nothing says so
 */
public record Rule(
    Kind kind,
    String name,
    String expression,
    String pending,
    String severity,
    String summary,
    String description,
    String runbook) {
  public enum Kind {
    RECORD,
    ALERT
  }

  public static final Path FILE = Path.of("..", "deploy", "prometheus", "raftbroker.rules.yaml");

  public static List<Rule> all() {
    return Yaml.read(FILE).at("groups").items().stream()
        .flatMap(group -> group.at("rules").items().stream())
        .map(Rule::of)
        .toList();
  }

  private static Rule of(Yaml rule) {
    boolean alert = rule.at("alert").isThere();
    Yaml annotations = rule.at("annotations");
    return new Rule(
        alert ? Kind.ALERT : Kind.RECORD,
        rule.at(alert ? "alert" : "record").text(),
        rule.at("expr").text(),
        rule.at("for").text(),
        rule.at("labels").at("severity").text(),
        annotations.at("summary").text(),
        annotations.at("description").text(),
        annotations.at("runbook").text());
  }

  public boolean isAlert() {
    return kind == Kind.ALERT;
  }
}
