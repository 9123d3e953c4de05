package org.raftbroker.cli;

import java.io.IOException;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Five nodes, n1 to n5, with a cluster map: shard 0 is on n1, n2 and n3, shard 1 on n2, n3 and n4.
 */
final class ClusterNodes implements AutoCloseable {
  private final SortedMap<String, MemoryBroker> nodeById = new TreeMap<>();
  private final MemoryCluster cluster = new MemoryCluster();

  ClusterNodes() throws IOException {
    MemoryStore store = new MemoryStore();
    for (int i = 1; i <= 5; i++) {
      MemoryBroker node = new MemoryBroker(store);
      nodeById.put("n" + i, node);
      cluster.join("n" + i, node);
    }
    cluster.place("n1", "n2", "n3");
    cluster.place("n2", "n3", "n4");
  }

  MemoryCluster cluster() {
    return cluster;
  }

  MemoryBroker node(String id) {
    return Objects.requireNonNull(nodeById.get(id));
  }

  void stop(String... ids) {
    for (String id : ids) {
      node(id).close();
    }
  }

  /** Arguments of brokerctl that ask a node. */
  String[] asking(String id, String... args) {
    String[] all = new String[args.length + 2];
    all[0] = "--server";
    all[1] = node(id).address();
    System.arraycopy(args, 0, all, 2, args.length);
    return all;
  }

  @Override
  public void close() {
    nodeById.values().forEach(MemoryBroker::close);
  }
}
