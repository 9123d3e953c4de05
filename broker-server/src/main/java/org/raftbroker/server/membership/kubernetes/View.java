package org.raftbroker.server.membership.kubernetes;

import java.util.Map;

/**
 * Objects of the API server, as they are known.
 *
 * @param current whether every change is learned of; otherwise this is how it was last, and between
 *     such a view and the next current one something may have come and gone
 */
record View<T>(boolean current, Map<String, T> byName) {
  View {
    byName = Map.copyOf(byName);
  }

  static <T> View<T> none() {
    return new View<>(false, Map.of());
  }

  View<T> outdated() {
    return current ? new View<>(false, byName) : this;
  }
}
