package org.raftbroker.systemtests.monitoring;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/**
 * A value of a YAML document, or of a JSON document, which is YAML, too.
 *
 * @param value null where there is nothing
 */
public record Yaml(@Nullable Object value) {
  public static Yaml parse(String text) {
    return new Yaml(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  public static Yaml read(Path file) {
    try {
      return parse(Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public boolean isThere() {
    return value != null;
  }

  /** Nothing if this is no mapping, or has no such key. */
  public Yaml at(String key) {
    return new Yaml(value instanceof Map<?, ?> map ? map.get(key) : null);
  }

  /** Empty if this is no sequence. */
  public List<Yaml> items() {
    return value instanceof List<?> list ? list.stream().map(Yaml::new).toList() : List.of();
  }

  /** Empty if this is no mapping. */
  public List<String> keys() {
    return value instanceof Map<?, ?> map
        ? map.keySet().stream().map(String::valueOf).toList()
        : List.of();
  }

  /** Empty if there is nothing. */
  public String text() {
    return value == null ? "" : value.toString();
  }

  public int number() {
    if (value instanceof Number number) {
      return number.intValue();
    }
    throw new IllegalStateException(value + " is no number");
  }
}
