package org.raftbroker.systemtests.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Neighbouring loopback ports that belong to one cluster until they are closed, also while its
 * nodes are down. The first port of the block is kept bound, and whoever has that one has the
 * block: two test runs on one machine cannot meet, and a run that dies leaves nothing behind.
 */
public final class PortBlock implements AutoCloseable {
  /** Ports in a block, the bound one not counted. */
  static final int SIZE = 39;

  // Below the range from which Linux takes ports of outgoing connections: a node that was killed
  // must find its ports free when it comes back.
  private static final int FIRST = 20_000;
  private static final int BLOCKS = 300;

  private final ServerSocket guard;

  private PortBlock(ServerSocket guard) {
    this.guard = guard;
  }

  /**
   * Takes a free block, anywhere.
   *
   * @throws IllegalStateException if every block is in use
   */
  public static PortBlock reserve() {
    int start = ThreadLocalRandom.current().nextInt(BLOCKS);
    for (int i = 0; i < BLOCKS; i++) {
      int base = FIRST + (start + i) % BLOCKS * (SIZE + 1);
      Optional<PortBlock> block = tryReserve(base);
      if (block.isPresent()) {
        return block.get();
      }
    }
    throw new IllegalStateException(
        "no " + SIZE + " neighbouring free ports from " + FIRST + " on; end what uses them");
  }

  private static Optional<PortBlock> tryReserve(int base) {
    ServerSocket guard;
    try {
      guard = bind(base);
    } catch (IOException inUse) {
      return Optional.empty();
    }
    for (int n = 1; n <= SIZE; n++) {
      try {
        bind(base + n).close();
      } catch (IOException inUse) {
        close(guard);
        return Optional.empty();
      }
    }
    return Optional.of(new PortBlock(guard));
  }

  private static ServerSocket bind(int port) throws IOException {
    ServerSocket socket = new ServerSocket();
    try {
      socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      return socket;
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /**
   * One of the ports, free to be bound by a node.
   *
   * @param n 1 to {@value #SIZE}
   */
  public int port(int n) {
    if (n < 1 || n > SIZE) {
      throw new IllegalArgumentException("port " + n + " of a block of " + SIZE);
    }
    return guard.getLocalPort() + n;
  }

  @Override
  public void close() {
    close(guard);
  }

  private static void close(ServerSocket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
