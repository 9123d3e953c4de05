package org.raftbroker.server.http;

import java.util.List;

/**
 * Whether clients should be sent to this node.
 *
 * @param reasons for people: why not, or if it is, what does not work as it should
 */
public record Readiness(boolean ready, List<String> reasons) {
  public Readiness {
    reasons = List.copyOf(reasons);
  }
}
