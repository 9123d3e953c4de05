package org.raftbroker.server.grpc;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.raftbroker.config.ConfigSection;

/** A configuration section from a map of numbers, sizes in bytes and lengths of time. */
final class TestLimits implements ConfigSection {
  private final Map<String, ?> values;
  final TreeSet<String> read = new TreeSet<>();
  final List<String> problems = new ArrayList<>();

  TestLimits(Map<String, ?> values) {
    this.values = values;
  }

  /** Default limits but for these. */
  static LimitsConfig read(Map<String, ?> values) {
    TestLimits section = new TestLimits(values);
    LimitsConfig limits = LimitsConfig.read(section);
    if (!section.problems.isEmpty()) {
      throw new IllegalArgumentException(section.problems.toString());
    }
    return limits;
  }

  @Override
  public int count(String key, int ifAbsent, int min, int max) {
    return (int) bytes(key, ifAbsent, min, max);
  }

  @Override
  public long bytes(String key, long ifAbsent, long min, long max) {
    read.add(key);
    if (!(values.get(key) instanceof Integer value)) {
      return ifAbsent;
    }
    if (value < min || value > max) {
      problem(key, value + " is not from " + min + " to " + max);
      return ifAbsent;
    }
    return value;
  }

  @Override
  public Duration duration(String key, Duration ifAbsent, Duration min, Duration max) {
    read.add(key);
    if (!(values.get(key) instanceof Duration value)) {
      return ifAbsent;
    }
    if (value.compareTo(min) < 0 || value.compareTo(max) > 0) {
      problem(key, value + " is not from " + min + " to " + max);
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
  public String text(String key, String ifAbsent) {
    throw new UnsupportedOperationException(key);
  }

  @Override
  public boolean flag(String key, boolean ifAbsent) {
    throw new UnsupportedOperationException(key);
  }
}
