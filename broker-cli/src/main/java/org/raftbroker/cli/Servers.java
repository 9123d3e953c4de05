package org.raftbroker.cli;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The nodes that a command may ask, in the order given. Connects when a node is first asked and
 * goes on to the next when one does not answer. One thread.
 */
final class Servers implements AutoCloseable {
  /** A host that drops packets must not use up the time of those behind it in the list. */
  private static final int CONNECT_TIMEOUT_MILLIS = 3000;

  private static final Duration SHORTEST_ATTEMPT = Duration.ofSeconds(1);
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long LONGEST_PAUSE_MILLIS = 1000;

  /** Above every limit of a node, so that a batch of the largest messages is readable. */
  private static final int MAX_ANSWER_BYTES = 64 * 1024 * 1024;

  /** How soon a stream notices that the other machine is gone without a word. */
  private static final Duration KEEPALIVE = Duration.ofSeconds(20);

  private static final Duration KEEPALIVE_TIMEOUT = Duration.ofSeconds(5);

  // Only ever grows.
  private final List<String> addresses;
  private final Duration timeout;
  private final Map<String, ManagedChannel> channels = new HashMap<>();

  // Not epoll: unpacking and loading its native library is a noticeable part of a short command.
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());

  /** One try of a call at one server. */
  record Attempt(String server, Channel channel, Duration timeout) {
    long timeoutNanos() {
      return timeout.toNanos();
    }
  }

  /** The call itself, with a blocking stub. */
  interface Call<T> {
    T at(Attempt attempt);
  }

  Servers(List<String> addresses, Duration timeout) {
    for (String address : addresses) {
      if (!address.matches("(\\[[0-9a-fA-F:.%]+]|[^:\\s/]+):[0-9]{1,5}")) {
        throw Failure.usage("'" + address + "' is not HOST:PORT (--server)");
      }
    }
    this.addresses = new ArrayList<>(addresses);
    this.timeout = timeout;
  }

  List<String> addresses() {
    return List.copyOf(addresses);
  }

  /** From now on, asks these too when those that are known by then do not answer. */
  void alsoAsk(List<String> more) {
    for (String address : more) {
      if (!addresses.contains(address)) {
        addresses.add(address);
      }
    }
  }

  Duration timeout() {
    return timeout;
  }

  Channel channel(String address) {
    return channels.computeIfAbsent(address, this::connect);
  }

  /**
   * Makes a call at the first server that takes it.
   *
   * @throws Failure if none does within the timeout, or one refuses
   */
  <T> T call(Retry retry, Call<T> call) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    long pause = FIRST_PAUSE_MILLIS;
    Failure last = null;
    while (true) {
      for (int i = 0; i < addresses.size(); i++) {
        Duration left = Duration.ofNanos(deadline - System.nanoTime());
        if (last != null && left.compareTo(Duration.ZERO) <= 0) {
          throw last;
        }
        String server = addresses.get(i);
        Duration share = retry == Retry.IF_UNSENT ? left : share(left, addresses.size() - i);
        try {
          return call.at(new Attempt(server, channel(server), share));
        } catch (StatusRuntimeException e) {
          if (Thread.interrupted()) {
            throw new InterruptedException("interrupted while waiting for " + server);
          }
          last = moreTelling(last, Failure.of(e, server));
          if (!goesOn(e, retry)) {
            throw last;
          }
        }
      }
      if (last == null) {
        throw new IllegalStateException("no server to ask");
      }
      long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (retry != Retry.UNTIL_TIMEOUT || left <= 0) {
        throw last;
      }
      TimeUnit.MILLISECONDS.sleep(Math.min(pause, left));
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }

  @Override
  public void close() {
    channels.values().forEach(ManagedChannel::shutdownNow);
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
  }

  private ManagedChannel connect(String address) {
    return NettyChannelBuilder.forTarget(address)
        .eventLoopGroup(loop)
        .channelType(NioSocketChannel.class)
        .withOption(ChannelOption.CONNECT_TIMEOUT_MILLIS, CONNECT_TIMEOUT_MILLIS)
        .directExecutor()
        .disableRetry()
        .usePlaintext()
        .maxInboundMessageSize(MAX_ANSWER_BYTES)
        .keepAliveTime(KEEPALIVE.toSeconds(), TimeUnit.SECONDS)
        .keepAliveTimeout(KEEPALIVE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
        .build();
  }

  private static boolean goesOn(StatusRuntimeException e, Retry retry) {
    if (Failure.neverSent(e)) {
      return true;
    }
    return retry != Retry.IF_UNSENT && Failure.isOutage(e.getStatus());
  }

  /** What a node said tells more than that another one, or another try, got no answer. */
  private static Failure moreTelling(@Nullable Failure last, Failure next) {
    return last != null && last.saidByServer() && !next.saidByServer() ? last : next;
  }

  private static Duration share(Duration left, int servers) {
    Duration share = left.dividedBy(servers);
    return share.compareTo(SHORTEST_ATTEMPT) < 0 ? min(SHORTEST_ATTEMPT, left) : share;
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }
}
