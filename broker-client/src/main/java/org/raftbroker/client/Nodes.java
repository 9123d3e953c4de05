package org.raftbroker.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * The nodes that a client may ask, and a channel to each, made when it is first asked. Calls stay
 * at one node until it fails one: order is kept where one node takes all. Thread-safe.
 */
final class Nodes implements AutoCloseable {
  // Only ever grows.
  private final List<String> addresses;
  private final Function<String, ManagedChannel> connect;
  private final Map<String, ManagedChannel> channels = new HashMap<>();
  private int current;
  private boolean closed;

  Nodes(List<String> addresses, Function<String, ManagedChannel> connect) {
    this.addresses = new ArrayList<>(addresses);
    this.connect = connect;
  }

  synchronized int count() {
    return addresses.size();
  }

  /** From now on these are among those that are asked. */
  synchronized void add(List<String> more) {
    more.stream().filter(address -> !addresses.contains(address)).forEach(addresses::add);
  }

  /** The node to ask, {@code host:port}. */
  synchronized String current() {
    return addresses.get(current);
  }

  /** From now on another one is asked; unless this one is not asked any more anyway. */
  synchronized void failed(String node) {
    if (addresses.get(current).equals(node)) {
      current = (current + 1) % addresses.size();
    }
  }

  /**
   * @throws BrokerClientException if the client is closed
   */
  synchronized Channel channel(String node) {
    if (closed) {
      throw BrokerClientException.of(
          Status.CANCELLED.withDescription("the client is closed").asRuntimeException(), node);
    }
    return channels.computeIfAbsent(node, connect);
  }

  /** Ends all calls. */
  @Override
  public synchronized void close() {
    closed = true;
    channels.values().forEach(ManagedChannel::shutdownNow);
  }
}
