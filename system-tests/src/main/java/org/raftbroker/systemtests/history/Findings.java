package org.raftbroker.systemtests.history;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Collects what checks find: each thing once, however many nodes show it, and not more of a kind
 * than a reader takes in.
 */
final class Findings {
  static final int SHOWN_OF_A_KIND = 20;

  /** The ways in which a node that is killed, cut off or slow looks to its client. */
  private static final Set<String> STATUSES_OF_FAULTS = Set.of("UNAVAILABLE", "DEADLINE_EXCEEDED");

  private final List<Finding> shown = new ArrayList<>();
  private final Set<String> seen = new HashSet<>();
  private final Map<Finding.Kind, Integer> countByKind = new EnumMap<>(Finding.Kind.class);

  /**
   * @param about what tells this finding from others of its kind and subject, such as the id
   */
  void add(Finding.Kind kind, String subject, Object about, String what) {
    if (!seen.add(kind + "\0" + subject + "\0" + about)) {
      return;
    }
    if (countByKind.merge(kind, 1, Integer::sum) <= SHOWN_OF_A_KIND) {
      shown.add(new Finding(kind, subject, what));
    }
  }

  /** A call that failed must have failed in a way that a fault accounts for. */
  void checkStatus(String subject, String call, String status) {
    if (!STATUSES_OF_FAULTS.contains(status)) {
      add(Finding.Kind.WRONG_STATUS, subject, call + status, call + " ended with " + status);
    }
  }

  List<Finding> shown() {
    return List.copyOf(shown);
  }

  Map<Finding.Kind, Integer> countByKind() {
    return new EnumMap<>(countByKind);
  }
}
