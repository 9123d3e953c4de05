package org.raftbroker.server.membership;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Neighbouring loopback ports that were free a moment ago, below those that the system gives to
 * outgoing connections. The one before them stays bound, so that two tests cannot have the same.
 */
public final class FreePorts implements AutoCloseable {
  private static final int FIRST = 12_000;
  private static final int BLOCKS = 150;
  private static final int SIZE = 50;

  private final ServerSocket guard;
  private int next;

  private FreePorts(ServerSocket guard) {
    this.guard = guard;
  }

  public static FreePorts reserve() {
    int start = ThreadLocalRandom.current().nextInt(BLOCKS);
    for (int i = 0; i < BLOCKS; i++) {
      Optional<FreePorts> block = tryReserve(FIRST + (start + i) % BLOCKS * SIZE);
      if (block.isPresent()) {
        return block.get();
      }
    }
    throw new IllegalStateException("no " + SIZE + " neighbouring free ports from " + FIRST);
  }

  private static Optional<FreePorts> tryReserve(int base) {
    try {
      ServerSocket guard = bind(base);
      try {
        for (int port = base + 1; port < base + SIZE; port++) {
          bind(port).close();
        }
        return Optional.of(new FreePorts(guard));
      } catch (IOException inUse) {
        guard.close();
        throw inUse;
      }
    } catch (IOException inUse) {
      return Optional.empty();
    }
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

  /** A port that this block has not given out yet. */
  public synchronized int next() {
    next++;
    if (next >= SIZE) {
      throw new IllegalStateException("all " + SIZE + " ports are given out");
    }
    return guard.getLocalPort() + next;
  }

  public Address nextAddress() {
    return new Address("127.0.0.1", next());
  }

  @Override
  public void close() throws IOException {
    guard.close();
  }
}
