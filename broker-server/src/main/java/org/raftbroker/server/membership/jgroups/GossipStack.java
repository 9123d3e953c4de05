package org.raftbroker.server.membership.jgroups;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jgroups.protocols.FD_ALL3;
import org.jgroups.protocols.FD_SOCK2;
import org.jgroups.protocols.MERGE3;
import org.jgroups.protocols.TCP;
import org.jgroups.protocols.UNICAST3;
import org.jgroups.protocols.VERIFY_SUSPECT2;
import org.jgroups.protocols.pbcast.GMS;
import org.jgroups.protocols.pbcast.NAKACK2;
import org.jgroups.protocols.pbcast.STABLE;
import org.jgroups.stack.Protocol;
import org.raftbroker.server.membership.Address;

/** The protocols of JGroups that this node uses, from the wire up, and their settings. */
final class GossipStack {
  /** What a node that is not there costs whoever tries to reach it. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);

  /** So long a node waits for others when it starts; alone, it then goes on by itself. */
  private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(1);

  /** Then it is a cluster of its own, which MERGE3 brings together with the others. */
  private static final int JOIN_ATTEMPTS = 3;

  /** How soon parts that have lost each other notice that they are in reach again. */
  private static final Duration MERGE_MIN_INTERVAL = Duration.ofSeconds(1);

  private static final Duration MERGE_MAX_INTERVAL = Duration.ofSeconds(4);

  /** One who is suspected is asked once more. */
  private static final Duration VERIFY_TIMEOUT = Duration.ofMillis(500);

  /** Within a failure timeout so many heartbeats are sent, so that a lost one does no harm. */
  private static final int HEARTBEATS = 4;

  private static final int MAX_THREADS = 16;

  private GossipStack() {}

  /**
   * @param advertised where the others reach this node
   * @param bind where it listens
   * @param moreContacts beside those of the configuration
   * @throws IOException if a name of its own cannot be looked up
   */
  static List<Protocol> of(
      Address advertised,
      Address bind,
      Seal seal,
      JGroupsConfig config,
      Supplier<List<Address>> moreContacts)
      throws IOException {
    InetAddress bindHost = lookUp(bind);
    TCP tcp = new TCP();
    tcp.setBindAddress(bindHost).setBindPort(bind.port()).setPortRange(0);
    tcp.setSockConnTimeout(millis(CONNECT_TIMEOUT));
    // Gossip is a few messages a second: nothing to gather, and no thread to do it.
    tcp.setBundlerType("no-bundler");
    tcp.threadNamingPattern("c");
    tcp.getThreadPool().setMinThreads(0).setMaxThreads(MAX_THREADS);
    FD_SOCK2 sockets =
        new FD_SOCK2()
            .setBindAddress(bindHost)
            .setOffset(config.failurePortOffset())
            .setPortRange(0);
    if (!advertised.equals(bind)) {
      InetAddress advertisedHost = lookUp(advertised);
      tcp.setExternalAddr(advertisedHost).setExternalPort(advertised.port());
      sockets
          .setExternalAddress(advertisedHost)
          .setExternalPort(advertised.port() + config.failurePortOffset());
    }
    long timeout = config.failureTimeout().toMillis();
    return List.of(
        tcp,
        seal,
        new ContactPing(config.contacts(), config.dns(), moreContacts),
        new MERGE3()
            .setMinInterval(MERGE_MIN_INTERVAL.toMillis())
            .setMaxInterval(MERGE_MAX_INTERVAL.toMillis()),
        sockets,
        new FD_ALL3().setTimeout(timeout).setInterval(timeout / HEARTBEATS),
        new VERIFY_SUSPECT2().setTimeout(VERIFY_TIMEOUT.toMillis()),
        new NAKACK2().useMcastXmit(false),
        new UNICAST3(),
        new STABLE(),
        new GMS()
            .setJoinTimeout(JOIN_TIMEOUT.toMillis())
            .setMaxJoinAttempts(JOIN_ATTEMPTS)
            .printLocalAddress(false)
            .logViewWarnings(false));
  }

  private static InetAddress lookUp(Address address) throws IOException {
    try {
      return InetAddress.getByName(address.host());
    } catch (UnknownHostException e) {
      throw new IOException(
          "gossip cannot look up its own host "
              + address.host()
              + "; correct gossip of this member, or listen.gossip",
          e);
    }
  }

  private static int millis(Duration duration) {
    return Math.toIntExact(duration.toMillis());
  }
}
