package org.raftbroker.server.http;

import java.util.List;

/**
 * Whether clients should be sent to this node.
 *
 * @param reasons for people: why not, or if it is, what does not work as it should
 */
public record Readiness(boolean ready, List<String> reasons) {
  public static final Readiness READY = new Readiness(true, List.of());

  public Readiness {
    reasons = List.copyOf(reasons);
  }

  public static Readiness not(List<String> reasons) {
    return new Readiness(false, reasons);
  }
}
