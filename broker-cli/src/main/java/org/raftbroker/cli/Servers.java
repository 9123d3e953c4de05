package org.raftbroker.cli;

import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannelBuilder;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.raftbroker.client.BrokerClient;
import org.raftbroker.client.BrokerClientException;

/** The nodes that a command may ask, and the client that asks them. One thread. */
final class Servers implements AutoCloseable {
  /** A host that drops packets must not use up the time of those behind it in the list. */
  private static final int CONNECT_TIMEOUT_MILLIS = 3000;

  // Not epoll: unpacking and loading its native library is a noticeable part of a short command.
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  private final List<String> addresses;
  private final Duration timeout;
  private final ChannelCredentials credentials;
  private final BrokerClient client;

  Servers(List<String> addresses, Duration timeout, ChannelCredentials credentials) {
    this.addresses = List.copyOf(addresses);
    this.timeout = timeout;
    this.credentials = credentials;
    this.client = connect();
  }

  /** Those that were given, in this order. */
  List<String> addresses() {
    return addresses;
  }

  Duration timeout() {
    return timeout;
  }

  /** Asks each server once: whoever looks is told at once that nobody answers. */
  BrokerClient client() {
    return client;
  }

  /** Asks until the timeout: what is to be done gets through an election. */
  BrokerClient patient() {
    return client.withPatience(timeout);
  }

  /**
   * Waits for an answer.
   *
   * @throws Failure if it is none
   */
  static <A> A answer(CompletableFuture<A> call) throws InterruptedException {
    try {
      return call.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof BrokerClientException failure) {
        throw Failure.of(failure);
      }
      throw new IllegalStateException("a call failed unexpectedly", e);
    }
  }

  @Override
  public void close() {
    client.close();
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private BrokerClient connect() {
    try {
      return BrokerClient.builder(addresses.toArray(String[]::new))
          .timeout(timeout)
          .attemptTimeout(timeout)
          .patience(Duration.ZERO)
          .connector(this::channel)
          .build();
    } catch (IllegalArgumentException e) {
      throw Failure.usage(e.getMessage() + " (--server)");
    }
  }

  private ManagedChannelBuilder<?> channel(String address) {
    return NettyChannelBuilder.forTarget(address, credentials)
        .eventLoopGroup(loop)
        .channelType(NioSocketChannel.class)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS);
  }
}
