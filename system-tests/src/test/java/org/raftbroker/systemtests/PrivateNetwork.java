package org.raftbroker.systemtests;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.raftbroker.systemtests.cluster.NodePlace;

/**
 * A network of network namespaces: each node has one link to a switch that connects the nodes, and
 * one to its clients outside, so that a node can be cut off from its peers while clients still
 * reach it. Needs root and iproute2; leaves nothing behind.
 */
final class PrivateNetwork implements AutoCloseable {
  private static final int GRPC_PORT = 9090;
  private static final int RAFT_PORT = 9190;
  private static final int HTTP_PORT = 9390;
  private static final int GOSSIP_PORT = 9291;

  private final long run = ProcessHandle.current().pid() % 250;
  private final String prefix = "rbt" + run;
  private final List<String> namespaces = new ArrayList<>();

  private PrivateNetwork() {}

  /** Whether this machine lets us. */
  static boolean isPossible() {
    return "root".equals(System.getProperty("user.name"))
        && List.of("/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip").stream()
            .anyMatch(ip -> Files.isExecutable(Path.of(ip)));
  }

  static PrivateNetwork create(int nodes) {
    PrivateNetwork network = new PrivateNetwork();
    try {
      network.addSwitch();
      for (int n = 1; n <= nodes; n++) {
        network.addNode(n);
      }
      return network;
    } catch (RuntimeException | Error e) {
      network.close();
      throw e;
    }
  }

  private void addSwitch() {
    addNamespace(switchName());
    ip("-n", switchName(), "link", "add", "br0", "type", "bridge");
    ip("-n", switchName(), "link", "set", "br0", "up");
  }

  private void addNode(int n) {
    String node = prefix + "n" + n;
    String port = "p" + n;
    String clientLink = prefix + "c" + n;
    addNamespace(node);
    ip("-n", node, "link", "set", "lo", "up");
    ip("-n", node, "link", "add", "peers", "type", "veth", "peer", "name", port);
    ip("-n", node, "link", "set", port, "netns", switchName());
    ip("-n", switchName(), "link", "set", port, "master", "br0", "up");
    ip("-n", node, "addr", "add", peerAddress(n) + "/24", "dev", "peers");
    ip("-n", node, "link", "set", "peers", "up");
    // Goes with the namespace that one of its ends is in.
    ip("link", "add", clientLink, "type", "veth", "peer", "name", "clients", "netns", node);
    ip("addr", "add", clientAddress(4 * n + 1) + "/30", "dev", clientLink);
    ip("link", "set", clientLink, "up");
    ip("-n", node, "addr", "add", clientAddress(4 * n + 2) + "/30", "dev", "clients");
    ip("-n", node, "link", "set", "clients", "up");
  }

  private void addNamespace(String name) {
    ip("netns", "add", name);
    namespaces.add(name);
  }

  private String switchName() {
    return prefix + "sw";
  }

  private static String peerAddress(int n) {
    return "10.213.0." + n;
  }

  private String clientAddress(int last) {
    return "10.214." + run + "." + last;
  }

  NodePlace place(int n, Path directory) {
    return new NodePlace(
        "n" + n,
        peerAddress(n),
        clientAddress(4 * n + 2),
        GRPC_PORT,
        RAFT_PORT,
        HTTP_PORT,
        GOSSIP_PORT,
        directory.resolve("n" + n),
        List.of("ip", "netns", "exec", prefix + "n" + n));
  }

  /** Pulls the plug between a node and its peers: nothing passes, and nobody is told. */
  void isolate(int n) {
    ip("-n", switchName(), "link", "set", "p" + n, "down");
  }

  void heal(int n) {
    ip("-n", switchName(), "link", "set", "p" + n, "up");
  }

  @Override
  public void close() {
    namespaces.forEach(name -> ip("netns", "del", name));
    namespaces.clear();
  }

  private static void ip(String... arguments) {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(arguments));
    Command.run(command);
  }
}
