package org.raftbroker.server.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What is wrong with a configuration, one line each. Only touched on the thread that reads. */
final class Problems {
  private final List<String> lines = new ArrayList<>();
  private final Set<KeyPath> faulty = new HashSet<>();

  /** Remembers a problem that is with no key. */
  void add(String line) {
    lines.add(line);
  }

  /** Remembers a problem with a key, unless it has one already: a second would follow from it. */
  void add(KeyPath path, String line) {
    if (faulty.add(path)) {
      lines.add(line);
    }
  }

  /** Whether something above {@code path} is wrong, so that nothing below it can be found. */
  boolean isAbove(KeyPath path) {
    for (KeyPath above = path.parent(); above != null; above = above.parent()) {
      if (faulty.contains(above)) {
        return true;
      }
    }
    return false;
  }

  List<String> lines() {
    return List.copyOf(lines);
  }
}
