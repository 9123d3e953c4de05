package org.raftbroker.systemtests.cluster;

import java.nio.file.Path;
import java.util.List;

/**
 * Where a node lives.
 *
 * @param id its member id
 * @param host under which its peers reach it
 * @param clientHost under which clients reach it; elsewhere than {@code host} where the two ways
 *     are to be cut separately
 * @param commandPrefix what the server's command line is put behind; empty for an ordinary process
 */
public record NodePlace(
    String id,
    String host,
    String clientHost,
    int grpcPort,
    int raftPort,
    int httpPort,
    int gossipPort,
    Path dataDirectory,
    List<String> commandPrefix) {

  public NodePlace {
    commandPrefix = List.copyOf(commandPrefix);
  }

  /**
   * After three other ports for each of seven nodes. Each node has a second one for gossip, 10
   * above the first ({@code membership.jgroups.failurePortOffset}).
   */
  private static final int FIRST_GOSSIP_PORT = 21;

  /** Node {@code n} on the loopback interface. */
  static NodePlace local(int n, PortBlock ports, Path directory) {
    String loopback = "127.0.0.1";
    return new NodePlace(
        "n" + n,
        loopback,
        loopback,
        ports.port(3 * n - 2),
        ports.port(3 * n - 1),
        ports.port(3 * n),
        ports.port(FIRST_GOSSIP_PORT + n),
        directory.resolve("n" + n),
        List.of());
  }

  public NodePlace withDataDirectory(Path other) {
    return new NodePlace(
        id, host, clientHost, grpcPort, raftPort, httpPort, gossipPort, other, commandPrefix);
  }
}
