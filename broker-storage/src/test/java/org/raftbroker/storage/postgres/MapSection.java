package org.raftbroker.storage.postgres;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.raftbroker.config.ConfigSection;

/** A configuration section from a map; lengths of time are written as {@link Duration} does. */
final class MapSection implements ConfigSection {
  private final Map<String, String> values;
  final List<String> problems = new ArrayList<>();

  MapSection(Map<String, String> values) {
    this.values = values;
  }

  @Override
  public String text(String key, String ifAbsent) {
    return values.getOrDefault(key, ifAbsent);
  }

  @Override
  public int count(String key, int ifAbsent, int min, int max) {
    int value = Integer.parseInt(values.getOrDefault(key, Integer.toString(ifAbsent)));
    if (value < min || value > max) {
      problem(key, "must be " + min + " to " + max);
    }
    return value;
  }

  @Override
  public Duration duration(String key, Duration ifAbsent, Duration min, Duration max) {
    Duration value = Duration.parse(values.getOrDefault(key, ifAbsent.toString()));
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      problem(key, "must be " + min + " to " + max);
    }
    return value;
  }

  @Override
  public void problem(String key, String what) {
    problems.add(key + " " + what);
  }

  @Override
  public ConfigSection section(String key) {
    throw new UnsupportedOperationException(key);
  }

  @Override
  public List<ConfigSection> sections(String key) {
    throw new UnsupportedOperationException(key);
  }

  @Override
  public boolean flag(String key, boolean ifAbsent) {
    throw new UnsupportedOperationException(key);
  }

  @Override
  public long bytes(String key, long ifAbsent, long min, long max) {
    throw new UnsupportedOperationException(key);
  }
}
