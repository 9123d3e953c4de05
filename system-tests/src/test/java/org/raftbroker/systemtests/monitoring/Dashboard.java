package org.raftbroker.systemtests.monitoring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A dashboard of {@code deploy/grafana}.
 *
 * @param variables as they stand in the file
 */
public record Dashboard(String file, String uid, List<Yaml> variables, List<Panel> panels) {
  private static final Path DIRECTORY = Path.of("..", "deploy", "grafana");
  private static final Pattern LABEL_VALUES = Pattern.compile("label_values\\((.+), *(\\w+)\\)");

  public Dashboard {
    variables = List.copyOf(variables);
    panels = List.copyOf(panels);
  }

  /** A rectangle on a grid of 24 columns. */
  public record Panel(String title, int x, int y, int width, int height, Yaml json) {
    public boolean overlaps(Panel other) {
      return x < other.x + other.width
          && other.x < x + width
          && y < other.y + other.height
          && other.y < y + height;
    }

    public boolean isRow() {
      return json.at("type").text().equals("row");
    }

    public List<String> expressions() {
      return json.at("targets").items().stream().map(target -> target.at("expr").text()).toList();
    }
  }

  public static List<Dashboard> all() {
    try (Stream<Path> files = Files.list(DIRECTORY)) {
      return files
          .filter(file -> file.toString().endsWith(".json"))
          .sorted()
          .map(Dashboard::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Dashboard read(Path file) {
    Yaml json = Yaml.read(file);
    List<Panel> panels = new ArrayList<>();
    for (Yaml panel : json.at("panels").items()) {
      Yaml place = panel.at("gridPos");
      panels.add(
          new Panel(
              panel.at("title").text(),
              place.at("x").number(),
              place.at("y").number(),
              place.at("w").number(),
              place.at("h").number(),
              panel));
    }
    return new Dashboard(
        file.getFileName().toString(),
        json.at("uid").text(),
        json.at("templating").at("list").items(),
        panels);
  }

  /** Of what its variables offer to choose from: an expression that has these labels. */
  public List<String> variableExpressions() {
    List<String> expressions = new ArrayList<>();
    for (Yaml variable : variables) {
      Matcher matcher = LABEL_VALUES.matcher(variable.at("definition").text());
      if (matcher.matches()) {
        expressions.add("count by (" + matcher.group(2) + ") (" + matcher.group(1) + ")");
      }
    }
    return expressions;
  }
}
