package org.raftbroker.systemtests.load;

import java.util.List;
import org.raftbroker.systemtests.cluster.NodeClient;

/** The nodes that a client may turn to: its own first, then the next. Immutable. */
record Nodes(List<NodeClient> clients) {
  Nodes {
    clients = List.copyOf(clients);
  }

  int size() {
    return clients.size();
  }

  /**
   * @param turn any number from 0 on; consecutive turns are different nodes
   */
  NodeClient at(int turn) {
    return clients.get(Math.floorMod(turn, clients.size()));
  }
}
