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
  private final List<String> problems;
  private final Map<KeyPath, KnownKey> known = new LinkedHashMap<>();
  private final Map<KeyPath, Found> foundByPath = new HashMap<>();

  /** Paths with a problem already: what follows from it is not worth a second line. */
  private final Map<KeyPath, String> faults = new HashMap<>();

  ConfigReading(Environment environment, List<String> problems) {
    this.environment = environment;
    this.problems = problems;
  }

  /**
   * A value in the file or the environment.
   *
   * @param where how to name its place
   */
  record Found(String where, String text) {}

  Environment environment() {
    return environment;
  }

  void know(KnownKey key) {
    known.put(key.path(), key);
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
            .map(text -> new Found(path.variable(), text))
            .or(
                () ->
                    node instanceof YamlNode.Scalar scalar
                        ? Optional.of(new Found(where(path, node), scalar.text()))
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
    fault(key.path(), where(key.path(), node) + " is " + is + "; " + key.wanted());
  }

  void problem(KeyPath path, String what) {
    Found found = foundByPath.get(path);
    if (found != null) {
      fault(path, found.where() + " is " + shown(path, found.text()) + "; " + what);
    } else if (!isBelowFault(path)) {
      fault(path, path + ": " + what);
    }
  }

  private void fault(KeyPath path, String line) {
    if (faults.putIfAbsent(path, line) == null) {
      problems.add(line);
    }
  }

  private boolean isBelowFault(KeyPath path) {
    for (KeyPath above = path.parent(); above != null; above = above.parent()) {
      if (faults.containsKey(above)) {
        return true;
      }
    }
    return false;
  }

  /** Reports keys of the file that nobody asked for. */
  void reportUnknown(KeyPath path, YamlNode node) {
    if (node instanceof YamlNode.Mapping mapping) {
      mapping
          .byKey()
          .forEach(
              (key, below) -> {
                KnownKey knownKey = known.get(path.key(key));
                if (knownKey == null) {
                  problems.add(unknown(path, key, below));
                } else if (knownKey.kind() != KnownKey.Kind.VALUE) {
                  reportUnknown(path.key(key), below);
                }
              });
    } else if (node instanceof YamlNode.Sequence sequence) {
      for (int i = 0; i < sequence.items().size(); i++) {
        reportUnknown(path.item(i), sequence.items().get(i));
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
    return "line " + node.line() + ": unknown key " + section.key(key) + "; " + wayOut;
  }

  private static String where(KeyPath path, YamlNode node) {
    return "line " + node.line() + ": " + path;
  }

  private static String shown(KeyPath path, String value) {
    return path.isSecret() ? "not shown" : Shown.quoted(value);
  }
}
