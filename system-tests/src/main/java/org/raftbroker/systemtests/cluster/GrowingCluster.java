package org.raftbroker.systemtests.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A cluster of real processes on this machine that three nodes found and others join later, some at
 * a time: starting all at once would only make them wait for each other's processors. Nodes are
 * numbered from 1. One thread at a time. All its processes end with it, or with this JVM if that
 * ends first.
 */
public final class GrowingCluster implements AutoCloseable {
  /** How many nodes start at a time; so many found the cluster, too. */
  private static final int AT_A_TIME = 3;

  /** As many as have their ports in one block. */
  private static final int NODES_OF_A_BLOCK = 6;

  private static final String LOOPBACK = "127.0.0.1";

  private final ClusterSpec spec;
  private final Path directory;
  private final Path logs;
  private final List<PortBlock> blocks = new ArrayList<>();
  private final List<NodePlace> founders = new ArrayList<>();
  // Also read by the hook that ends nodes with this JVM.
  private final List<BrokerProcess> processes = Collections.synchronizedList(new ArrayList<>());
  private final List<NodeClient> clients = new ArrayList<>();
  private final Thread endWithThisJvm =
      new Thread(() -> List.copyOf(processes).forEach(BrokerProcess::kill));

  private GrowingCluster(ClusterSpec spec, Path directory, Path logs) {
    this.spec = spec;
    this.directory = directory;
    this.logs = logs;
  }

  /**
   * Starts the founders and waits until they are ready; {@link #grow} starts the others.
   *
   * @param spec with at least three nodes
   * @param directory for configuration and data
   * @param logs for the nodes' logs, one file each
   */
  public static GrowingCluster found(ClusterSpec spec, Path directory, Path logs) {
    if (spec.nodes() < AT_A_TIME) {
      throw new IllegalArgumentException(
          "a cluster that grows begins with " + AT_A_TIME + " nodes, not with " + spec.nodes());
    }
    GrowingCluster cluster = new GrowingCluster(spec, directory, logs);
    Runtime.getRuntime().addShutdownHook(cluster.endWithThisJvm);
    try {
      Files.createDirectories(directory);
      Files.createDirectories(logs);
      for (int n = 1; n <= AT_A_TIME; n++) {
        cluster.founders.add(cluster.place(n));
      }
      cluster.startUpTo(AT_A_TIME);
      return cluster;
    } catch (IOException e) {
      cluster.close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException | Error e) {
      e.addSuppressed(new NodeLogs(cluster.lastLogLines()));
      cluster.close();
      throw e;
    }
  }

  /** Starts the nodes that are still missing, and waits until all are ready. */
  public void grow() {
    while (size() < spec.nodes()) {
      startUpTo(Math.min(spec.nodes(), size() + AT_A_TIME));
    }
  }

  private void startUpTo(int last) {
    int first = size() + 1;
    for (int n = first; n <= last; n++) {
      NodePlace place = n <= founders.size() ? founders.get(n - 1) : place(n);
      Path config = directory.resolve(place.id() + ".yaml");
      NodeConfig.write(config, place, founders, spec.shards(), spec.settings());
      BrokerProcess process = new BrokerProcess(place, config, logs.resolve(place.id() + ".log"));
      processes.add(process);
      clients.add(new NodeClient(place));
      process.start();
    }
    for (int n = first; n <= last; n++) {
      node(n).awaitReady(LocalCluster.START_BOUND);
    }
  }

  private NodePlace place(int n) {
    int block = (n - 1) / NODES_OF_A_BLOCK;
    while (blocks.size() <= block) {
      blocks.add(PortBlock.reserve());
    }
    NodePlace there = NodePlace.local((n - 1) % NODES_OF_A_BLOCK + 1, blocks.get(block), directory);
    return new NodePlace(
        "n" + n,
        LOOPBACK,
        LOOPBACK,
        there.grpcPort(),
        there.raftPort(),
        there.httpPort(),
        there.gossipPort(),
        directory.resolve("n" + n),
        List.of());
  }

  public int size() {
    return processes.size();
  }

  public int shards() {
    return spec.shards();
  }

  public BrokerProcess node(int n) {
    return processes.get(n - 1);
  }

  public NodeClient client(int n) {
    return clients.get(n - 1);
  }

  /** Another client of a node, with a connection of its own; the caller closes it. */
  public NodeClient newClient(int n) {
    return new NodeClient(node(n).place());
  }

  /** The end of every node's log, for a failure. */
  public String lastLogLines() {
    return List.copyOf(processes).stream()
        .map(process -> process.lastLogLines(40))
        .collect(Collectors.joining("\n\n"));
  }

  @Override
  public void close() {
    clients.forEach(NodeClient::close);
    processes.forEach(BrokerProcess::kill);
    blocks.forEach(PortBlock::close);
    Runtime.getRuntime().removeShutdownHook(endWithThisJvm);
  }
}
