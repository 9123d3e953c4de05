package org.raftbroker.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A configuration section from a map; lengths of time are written as {@link Duration} does. */
public final class MapSection implements ConfigSection {
  private final Map<String, String> values;
  private final List<String> problems = new ArrayList<>();

  public MapSection(Map<String, String> values) {
    this.values = Map.copyOf(values);
  }

  /** What the reader found wrong, each with its key in front. */
  public List<String> problems() {
    return List.copyOf(problems);
  }

  @Override
  public String text(String key, String ifAbsent) {
    return values.getOrDefault(key, ifAbsent);
  }

  @Override
  public int count(String key, int ifAbsent, int min, int max) {
    String value = values.get(key);
    return value == null ? ifAbsent : inRange(key, Integer.parseInt(value), ifAbsent, min, max);
  }

  @Override
  public Duration duration(String key, Duration ifAbsent, Duration min, Duration max) {
    String value = values.get(key);
    return value == null ? ifAbsent : inRange(key, Duration.parse(value), ifAbsent, min, max);
  }

  private <T extends Comparable<T>> T inRange(String key, T value, T ifAbsent, T min, T max) {
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      problem(key, "not from " + min + " to " + max);
      return ifAbsent;
    }
    return value;
  }

  @Override
  public void problem(String key, String what) {
    problems.add(key + ": " + what);
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
