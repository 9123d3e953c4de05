package org.raftbroker.server.http;

import java.util.List;

/**
 * Whether clients should be sent to this node.
 *
 * @param reasons why not, for people; empty if it is ready
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
