package org.raftbroker.server.config;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One reading of a file with the environment over it: what was asked for, and what was wrong. All
 * sections of the file share it. Only touched on the thread that reads.
 */
final class ConfigReading {
  private final Environment environment;
  private final Problems problems;
  private final Map<KeyPath, KnownKey> known = new LinkedHashMap<>();
  private final Map<KeyPath, Found> foundByPath = new HashMap<>();
  private final Map<KeyPath, Setting> settings = new LinkedHashMap<>();

  ConfigReading(Environment environment, Problems problems) {
    this.environment = environment;
    this.problems = problems;
  }

  /**
   * A value in the file or the environment.
   *
   * @param source the line of the file, or the variable
   * @param where how a message names its place
   */
  record Found(String source, String where, String text) {}

  Environment environment() {
    return environment;
  }

  void know(KnownKey key) {
    known.put(key.path(), key);
  }

  /** Remembers what a key has come to; the order of reading is that of the listing. */
  void settle(KnownKey key, String value) {
    Found found = foundByPath.get(key.path());
    settings.put(
        key.path(),
        new Setting(
            key.path().text(),
            shownSetting(key, value, found != null),
            found == null ? "default" : found.source()));
  }

  private static String shownSetting(KnownKey key, String value, boolean isFound) {
    if (key.path().isSecret()) {
      return Secret.HIDDEN;
    }
    return value.isEmpty() && !isFound ? "(not set)" : value;
  }

  List<Setting> settings() {
    return List.copyOf(settings.values());
  }

  List<KnownKey> known() {
    return List.copyOf(known.values());
  }

  /** The value of a key; a section or list in its place is a problem and no value. */
  Optional<Found> find(KnownKey key, @Nullable YamlNode node) {
    KeyPath path = key.path();
    Optional<Found> found =
        environment
            .value(path)
            .map(text -> new Found(path.variable(), path.variable(), text))
            .or(
                () ->
                    node instanceof YamlNode.Scalar scalar
                        ? Optional.of(new Found(line(node), where(path, node), scalar.text()))
                        : Optional.empty());
    if (found.isPresent()) {
      foundByPath.put(path, found.get());
    } else if (node instanceof YamlNode.Mapping || node instanceof YamlNode.Sequence) {
      wrongKind(key, node);
    }
    return found;
  }

  void wrongKind(KnownKey key, YamlNode node) {
    String is =
        node instanceof YamlNode.Scalar scalar ? shown(key.path(), scalar.text()) : node.kind();
    problems.add(key.path(), where(key.path(), node) + " is " + is + "; " + key.wanted());
  }

  void problem(KeyPath path, String what) {
    Found found = foundByPath.get(path);
    if (found != null) {
      problems.add(path, found.where() + " is " + shown(path, found.text()) + "; " + what);
    } else if (!problems.isAbove(path)) {
      problems.add(path, path + ": " + what);
    }
  }

  /** Reports keys of the file that nobody asked for. */
  void reportUnknown(KeyPath section, YamlNode.Mapping mapping) {
    mapping
        .byKey()
        .forEach(
            (key, node) -> {
              KeyPath path = section.key(key);
              KnownKey asked = known.get(path);
              if (asked == null) {
                problems.add(unknown(section, key, node));
              } else if (asked.kind() == KnownKey.Kind.SECTION
                  && node instanceof YamlNode.Mapping below) {
                reportUnknown(path, below);
              } else if (asked.kind() == KnownKey.Kind.LIST
                  && node instanceof YamlNode.Sequence list) {
                reportUnknown(path, list);
              }
            });
  }

  private void reportUnknown(KeyPath path, YamlNode.Sequence list) {
    for (int i = 0; i < list.items().size(); i++) {
      if (list.items().get(i) instanceof YamlNode.Mapping item) {
        reportUnknown(path.item(i), item);
      }
    }
  }

  private String unknown(KeyPath section, String key, YamlNode node) {
    List<String> siblings =
        known.keySet().stream()
            .filter(path -> section.equals(path.parent()))
            .map(KeyPath::name)
            .toList();
    String wayOut =
        Nearest.to(key, siblings)
            .map(nearest -> "did you mean " + section.key(nearest) + "?")
            .or(
                () ->
                    known.keySet().stream()
                        .filter(path -> Nearest.isSame(key, path.name()))
                        .findFirst()
                        .map(path -> "did you mean " + path + "?"))
            .orElse(
                "known "
                    + (section.text().isEmpty() ? "sections" : "in " + section)
                    + ": "
                    + String.join(", ", siblings));
    return line(node) + ": unknown key " + section.key(key) + "; " + wayOut;
  }

  private static String where(KeyPath path, YamlNode node) {
    return line(node) + ": " + path;
  }

  private static String line(YamlNode node) {
    return "line " + node.line();
  }

  private static String shown(KeyPath path, String value) {
    return path.isSecret() ? "not shown" : Shown.quoted(value);
  }
}
