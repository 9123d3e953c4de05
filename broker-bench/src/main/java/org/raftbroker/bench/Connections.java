package org.raftbroker.bench;

import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The connections of a measurement. Answers are handled on the event loop itself: a hand-off to
 * another thread costs more than all else that the generator does.
 */
final class Connections implements AutoCloseable {
  /** Large enough that the receiver's window is never what limits a loopback or LAN stream. */
  private static final int FLOW_CONTROL_WINDOW_BYTES = 4 * 1024 * 1024;

  private static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;

  private final List<EventLoopGroup> groups = new ArrayList<>();
  private final List<Connection> all = new ArrayList<>();

  private Connections() {}

  /**
   * Connects to every server.
   *
   * @throws BenchException if one cannot be reached within the timeout
   */
  static Connections open(BenchSettings settings) {
    Connections connections = new Connections();
    try {
      connections.connect(settings);
    } catch (RuntimeException e) {
      connections.close();
      throw e;
    }
    return connections;
  }

  /** Node by node: the first of each node, then the second of each, and so on. */
  List<Connection> all() {
    return all;
  }

  private void connect(BenchSettings settings) {
    boolean epoll = Epoll.isAvailable();
    for (int i = 0; i < settings.eventLoops(); i++) {
      groups.add(
          new MultiThreadIoEventLoopGroup(
              1, epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory()));
    }
    for (int i = 0; i < settings.channelsPerNode(); i++) {
      for (String server : settings.servers()) {
        EventLoopGroup group = groups.get(all.size() % groups.size());
        ManagedChannel channel =
            NettyChannelBuilder.forTarget(server, settings.credentials())
                .eventLoopGroup(group)
                .channelType(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                .directExecutor()
                .disableRetry()
                .flowControlWindow(FLOW_CONTROL_WINDOW_BYTES)
                .maxInboundMessageSize(MAX_ANSWER_BYTES)
                .build();
        all.add(new Connection(server, channel, group.next()));
      }
    }
    for (Connection connection : all) {
      awaitReady(connection, settings.timeout());
    }
  }

  private static void awaitReady(Connection connection, Duration timeout) {
    CompletableFuture<Void> ready = new CompletableFuture<>();
    watch(connection.channel(), ready);
    try {
      ready.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new BenchException(
          "cannot connect to " + connection.server() + " (is the node running? see --server)", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchException("interrupted while connecting", e);
    }
  }

  private static void watch(ManagedChannel channel, CompletableFuture<Void> ready) {
    ConnectivityState state = channel.getState(true);
    switch (state) {
      case READY -> ready.complete(null);
      case TRANSIENT_FAILURE, SHUTDOWN ->
          ready.completeExceptionally(new BenchException("the connection is " + state));
      case IDLE, CONNECTING -> channel.notifyWhenStateChanged(state, () -> watch(channel, ready));
    }
  }

  @Override
  public void close() {
    for (Connection connection : all) {
      connection.channel().shutdownNow();
    }
    for (EventLoopGroup group : groups) {
      // Threads of the group are no daemons; without a quiet period they end at once.
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }
  }
}
