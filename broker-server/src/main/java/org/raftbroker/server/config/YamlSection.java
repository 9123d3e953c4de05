package org.raftbroker.server.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.raftbroker.config.ConfigSection;

/** A section of a YAML file, with the environment over it. */
final class YamlSection implements ConfigSection {
  private final ConfigReading reading;
  private final KeyPath path;
  private final YamlNode.Mapping node;

  YamlSection(ConfigReading reading, KeyPath path, YamlNode.Mapping node) {
    this.reading = reading;
    this.path = path;
    this.node = node;
  }

  @Override
  public ConfigSection section(String key) {
    KnownKey known =
        new KnownKey(path.key(key), KnownKey.Kind.SECTION, "a section: indented keys below it", "");
    reading.know(known);
    return below(known, known.path(), node.byKey().get(key));
  }

  @Override
  public List<ConfigSection> sections(String key) {
    KnownKey known =
        new KnownKey(
            path.key(key),
            KnownKey.Kind.LIST,
            "a list of sections, each beginning with \"- \"",
            "");
    reading.know(known);
    List<YamlNode> items = new ArrayList<>();
    YamlNode list = node.byKey().get(key);
    if (list instanceof YamlNode.Sequence sequence) {
      items.addAll(sequence.items());
    } else if (list != null && !(list instanceof YamlNode.Nothing)) {
      reading.wrongKind(known, list);
    }
    // The environment may lengthen the list, one item after the other.
    while (reading.environment().isBelow(known.path().item(items.size()))) {
      items.add(YamlNode.Mapping.EMPTY);
    }
    List<ConfigSection> sections = new ArrayList<>();
    for (int i = 0; i < items.size(); i++) {
      KeyPath item = known.path().item(i);
      sections.add(
          below(
              new KnownKey(item, KnownKey.Kind.SECTION, "a section: keys with values", ""),
              item,
              items.get(i)));
    }
    return sections;
  }

  private YamlSection below(KnownKey known, KeyPath at, @Nullable YamlNode below) {
    if (below instanceof YamlNode.Mapping mapping) {
      return new YamlSection(reading, at, mapping);
    }
    if (below != null && !(below instanceof YamlNode.Nothing)) {
      reading.wrongKind(known, below);
    }
    return new YamlSection(reading, at, YamlNode.Mapping.EMPTY);
  }

  @Override
  public String text(String key, String ifAbsent) {
    return value(key, ifAbsent, ifAbsent, "text", Function.identity(), Optional::of);
  }

  @Override
  public boolean flag(String key, boolean ifAbsent) {
    return value(
        key,
        ifAbsent,
        Boolean.toString(ifAbsent),
        "true or false",
        value -> Boolean.toString(value),
        text ->
            switch (text) {
              case "true" -> Optional.of(true);
              case "false" -> Optional.of(false);
              default -> Optional.empty();
            });
  }

  @Override
  public int count(String key, int ifAbsent, int min, int max) {
    return value(
        key,
        ifAbsent,
        Integer.toString(ifAbsent),
        "a whole number from " + min + " to " + max,
        value -> Integer.toString(value),
        text -> wholeNumber(text).filter(value -> value >= min && value <= max));
  }

  @Override
  public long bytes(String key, long ifAbsent, long min, long max) {
    return value(
        key,
        ifAbsent,
        Quantity.format(ifAbsent),
        "a size from "
            + Quantity.format(min)
            + " to "
            + Quantity.format(max)
            + ", such as 65536, 64KiB or 4MiB",
        value -> Quantity.format(value),
        text -> Quantity.bytes(text).filter(value -> value >= min && value <= max));
  }

  @Override
  public Duration duration(String key, Duration ifAbsent, Duration min, Duration max) {
    return value(
        key,
        ifAbsent,
        Quantity.format(ifAbsent),
        "a length of time from "
            + Quantity.format(min)
            + " to "
            + Quantity.format(max)
            + ", such as 250ms, 10s or 5m",
        Quantity::format,
        text ->
            Quantity.duration(text)
                .filter(value -> value.compareTo(min) >= 0 && value.compareTo(max) <= 0));
  }

  @Override
  public void problem(String key, String what) {
    reading.problem(path.key(key), what);
  }

  private <T> T value(
      String key,
      T ifAbsent,
      String defaultText,
      String allowed,
      Function<T, String> format,
      Function<String, Optional<T>> parse) {
    KnownKey known = new KnownKey(path.key(key), KnownKey.Kind.VALUE, allowed, defaultText);
    reading.know(known);
    Optional<ConfigReading.Found> found = reading.find(known, node.byKey().get(key));
    Optional<T> value = found.flatMap(at -> parse.apply(at.text()));
    if (found.isPresent() && value.isEmpty()) {
      reading.problem(known.path(), known.wanted());
    }
    T inEffect = value.orElse(ifAbsent);
    reading.settle(known, format.apply(inEffect));
    return inEffect;
  }

  private static Optional<Integer> wholeNumber(String text) {
    try {
      return Optional.of(Integer.parseInt(text));
    } catch (NumberFormatException e) {
      return Optional.empty(); // refused by the caller, with what is allowed
    }
  }
}
