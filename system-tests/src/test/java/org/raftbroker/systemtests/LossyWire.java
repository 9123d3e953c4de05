package org.raftbroker.systemtests;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * A wire to one node that can lose what the node answers: the node has done what it was asked for,
 * and whoever asked never learns of it. Each direction of a connection has a thread.
 */
final class LossyWire implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;

  private final ServerSocket server;
  private final int nodePort;
  // Guarded by this.
  private final List<Socket> sockets = new ArrayList<>();
  private volatile boolean losesAnswers;

  LossyWire(int nodePort) {
    this.nodePort = nodePort;
    try {
      server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** From now on, what the node sends gets nowhere. */
  void loseAnswers() {
    losesAnswers = true;
  }

  /** Breaks all connections, and takes no new ones. */
  synchronized void cut() {
    close(server);
    sockets.forEach(LossyWire::close);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Socket node = new Socket(InetAddress.getLoopbackAddress(), nodePort);
        synchronized (this) {
          sockets.add(client);
          sockets.add(node);
        }
        start(() -> pump(client, node, false));
        start(() -> pump(node, client, true));
      } catch (IOException cutOrNodeGone) {
        // Nobody is connected by it; whoever dials sees that.
      }
    }
  }

  private void pump(Socket from, Socket to, boolean answers) {
    byte[] buffer = new byte[BUFFER_BYTES];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (!answers || !losesAnswers) {
          out.write(buffer, 0, n);
        }
      }
    } catch (IOException broken) {
      // Both ends are closed: that is how a wire breaks.
    }
  }

  private static void start(Runnable work) {
    Thread thread = new Thread(work, "lossy-wire");
    thread.setDaemon(true);
    thread.start();
  }

  private static void close(AutoCloseable each) {
    try {
      each.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    cut();
  }
}
