package org.raftbroker.server.config;

import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/** The environment as a layer over the file: a variable for each key. */
final class Environment {
  /**
   * What Kubernetes sets in every pod for a service named broker-something. Nobody asked for these.
   */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(
          "BROKER_(.*_)?SERVICE_(HOST|PORT(_.*)?)"
              + "|BROKER_(.*_)?PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?");

  /** Read where logging is set up, before there is a configuration; checked with the rest. */
  private static final Map<String, List<String>> LOG_VARIABLES =
      Map.of(
          "BROKER_LOG_FORMAT", List.of("text", "json"),
          "BROKER_LOG_LEVEL", List.of("INFO", "DEBUG", "TRACE", "WARN", "ERROR", "OFF"));

  private final TreeMap<String, String> valueByName = new TreeMap<>();
  private final Set<String> used = new HashSet<>();

  Environment(Map<String, String> environment) {
    environment.forEach(
        (name, value) -> {
          // An empty variable is what compose files and manifests make of one that is not set.
          if (name.startsWith(KeyPath.VARIABLE_PREFIX) && !value.isEmpty()) {
            valueByName.put(name, value);
          }
        });
  }

  Optional<String> value(KeyPath path) {
    used.add(path.variable());
    return Optional.ofNullable(valueByName.get(path.variable()));
  }

  /** Whether there is a variable for something below {@code path}. */
  boolean isBelow(KeyPath path) {
    String prefix = path.variable() + "_";
    String next = valueByName.ceilingKey(prefix);
    return next != null && next.startsWith(prefix);
  }

  /** Reports variables that no key and no part of logging has asked for. */
  void reportUnknown(List<KnownKey> known, Problems problems) {
    valueByName.forEach(
        (name, value) -> {
          List<String> logValues = LOG_VARIABLES.get(name);
          if (logValues != null) {
            checkLogVariable(name, value, logValues, problems);
          } else if (!used.contains(name) && !SERVICE_LINK.matcher(name).matches()) {
            problems.add(unknown(name, known));
          }
        });
  }

  private static void checkLogVariable(
      String name, String value, List<String> allowed, Problems problems) {
    // logback reads a level in any case; logback.xml compares the format as it stands.
    boolean isAllowed =
        allowed.contains(name.endsWith("LEVEL") ? value.toUpperCase(Locale.ROOT) : value);
    if (!isAllowed) {
      problems.add(
          name
              + " is "
              + Shown.quoted(value)
              + "; must be one of "
              + String.join(", ", allowed)
              + " (default "
              + allowed.get(0)
              + ")");
    }
  }

  private static String unknown(String name, List<KnownKey> known) {
    for (KnownKey key : known) {
      if (key.path().variable().equals(name)) {
        String example =
            known.stream()
                .filter(candidate -> candidate.kind() == KnownKey.Kind.VALUE)
                .map(candidate -> candidate.path().variable())
                .filter(variable -> variable.startsWith(name + "_"))
                .findFirst()
                .orElse(name + (key.kind() == KnownKey.Kind.LIST ? "_0_ID" : "_..."));
        return name
            + " is no single value: "
            + key.path()
            + " is "
            + (key.kind() == KnownKey.Kind.LIST ? "a list" : "a section")
            + "; set its keys one by one, as in "
            + example;
      }
    }
    List<String> candidates =
        known.stream()
            .filter(key -> key.kind() == KnownKey.Kind.VALUE)
            .map(key -> key.path().variable())
            .toList();
    return "unknown variable "
        + name
        + "; "
        + Nearest.to(name, candidates)
            .or(() -> Nearest.to(name, LOG_VARIABLES.keySet()))
            .map(nearest -> "did you mean " + nearest + "?")
            .orElse(
                "every BROKER_ variable must be the path of a key, as BROKER_NODE_DATADIR is"
                    + " for node.dataDir");
  }
}
