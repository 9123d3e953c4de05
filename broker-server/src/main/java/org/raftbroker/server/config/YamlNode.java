package org.raftbroker.server.config;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a YAML file holds at one place, with the line to name when something is wrong with it. */
sealed interface YamlNode {
  int line();

  /** What a person would call it, after "is". */
  String kind();

  record Mapping(Map<String, YamlNode> byKey, int line) implements YamlNode {
    static final Mapping EMPTY = new Mapping(Map.of(), 0);

    public Mapping {
      byKey = Collections.unmodifiableMap(new LinkedHashMap<>(byKey)); // keeps the file's order
    }

    @Override
    public String kind() {
      return "a section";
    }
  }

  record Sequence(List<YamlNode> items, int line) implements YamlNode {
    public Sequence {
      items = List.copyOf(items);
    }

    @Override
    public String kind() {
      return "a list";
    }
  }

  /** One value; the text is as written, so that a number keeps its zeros. */
  record Scalar(String text, int line) implements YamlNode {
    @Override
    public String kind() {
      return "a value";
    }
  }

  /** A key with nothing after it: as good as no key. */
  record Nothing(int line) implements YamlNode {
    @Override
    public String kind() {
      return "empty";
    }
  }
}
