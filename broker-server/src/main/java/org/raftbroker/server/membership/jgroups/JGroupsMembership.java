package org.raftbroker.server.membership.jgroups;

import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jgroups.Address;
import org.jgroups.BytesMessage;
import org.jgroups.JChannel;
import org.jgroups.Message;
import org.jgroups.Receiver;
import org.jgroups.View;
import org.jgroups.util.ExtendedUUID;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberTable;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.MembershipListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gossip within this process. Who is in JGroups' view is up; who is not any more has failed, unless
 * it said good-bye. Listeners are called on threads of JGroups.
 */
public final class JGroupsMembership implements Membership {
  private static final Logger log = LoggerFactory.getLogger(JGroupsMembership.class);

  /** How long to wait until the others have heard a good-bye. */
  private static final Duration GOOD_BYE_TIMEOUT = Duration.ofSeconds(2);

  private static final long FORGET_PERIOD_SECONDS = 30;

  private final org.raftbroker.server.membership.Address advertised;
  private final org.raftbroker.server.membership.Address bind;
  private final String cluster;
  private final String secret;
  private final JGroupsConfig config;
  private final Supplier<List<org.raftbroker.server.membership.Address>> moreContacts;
  private final InstantSource clock;
  private final MemberTable table;

  // Set once by start, before anybody else can see it.
  private volatile @Nullable JChannel channel;

  private boolean saidGoodBye; // Only touched on the thread that leaves and closes.

  // Guarded by lock, as are the three below: views and good-byes come on different threads.
  private final Object lock = new Object();
  private View view = new View(new org.jgroups.util.UUID(), 0, List.of());

  /** The newest address of each member, also of one that is gone. */
  private final Map<String, Address> addressById = new HashMap<>();

  /**
   * Who said good-bye and is in the view still; views that were on their way may bring it again.
   */
  private final Set<Address> gone = new HashSet<>();

  /** Who has not heard this node's good-bye. */
  private final Set<Address> deaf = new HashSet<>();

  /**
   * @param self with a gossip address
   * @param listed the members in the configuration
   * @param bind where to listen
   * @param cluster nodes of another name are not seen
   * @param secret nodes with another one are not seen
   * @param moreContacts where else to look for others, asked for each search; must not block
   * @param forgetAfter how long a member that is gone and not listed stays known
   */
  public JGroupsMembership(
      Member self,
      Collection<Member> listed,
      org.raftbroker.server.membership.Address bind,
      String cluster,
      String secret,
      JGroupsConfig config,
      Supplier<List<org.raftbroker.server.membership.Address>> moreContacts,
      Duration forgetAfter,
      InstantSource clock) {
    if (self.gossip() == null) {
      throw new IllegalArgumentException("member " + self.id() + " has no gossip address");
    }
    this.advertised = self.gossip();
    this.bind = bind;
    this.cluster = cluster;
    this.secret = secret;
    this.config = config;
    this.moreContacts = moreContacts;
    this.clock = clock;
    this.table = new MemberTable(self, listed, forgetAfter, clock);
  }

  @Override
  public Member self() {
    return table.self();
  }

  @Override
  public List<MemberView> members() {
    return table.members();
  }

  @Override
  public void watch(MembershipListener listener) {
    table.watch(listener);
  }

  @Override
  public void start() throws IOException {
    ExtendedUUID.setPrintFunction(GossipAddress::show);
    GossipAddress own = new GossipAddress(self(), clock.millis());
    var stack = GossipStack.of(advertised, bind, new Seal(cluster, secret), config, moreContacts);
    try {
      JChannel opened = new JChannel(stack).name(self().id());
      opened.addAddressGenerator(own::toAddress);
      opened.setReceiver(new Listener());
      // Would answer whoever asks, on a multicast socket of its own and without any secret.
      opened.stack().getTransport().getDiagnosticsHandler().setEnabled(false);
      channel = opened;
      opened.connect(cluster);
      var unused =
          opened
              .stack()
              .getTransport()
              .getTimer()
              .scheduleWithFixedDelay(
                  table::forget, FORGET_PERIOD_SECONDS, FORGET_PERIOD_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) { // whatever JGroups throws
      close();
      throw new IOException(
          "gossip cannot listen on "
              + bind
              + " and on port "
              + (bind.port() + config.failurePortOffset())
              + " ("
              + cause(e)
              + "); stop what uses the address, or change gossip of this member, listen.gossip or"
              + " membership.jgroups.failurePortOffset",
          e);
    }
  }

  private static String cause(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return String.valueOf(cause.getMessage());
  }

  /** For tests that break what is below. */
  @Nullable JChannel channel() {
    return channel;
  }

  @Override
  public void leave() {
    sayGoodBye(GoodBye.LEAVING);
  }

  @Override
  public void close() {
    sayGoodBye(GoodBye.STOPPING);
    JChannel opened = channel;
    if (opened != null) {
      opened.close();
    }
  }

  /** Waits until all members have heard it: only then may the view say that this one is gone. */
  private void sayGoodBye(GoodBye word) {
    JChannel opened = channel;
    if (opened == null || !opened.isConnected() || saidGoodBye) {
      return;
    }
    saidGoodBye = true;
    long end = System.nanoTime() + GOOD_BYE_TIMEOUT.toNanos();
    synchronized (lock) {
      deaf.clear();
      deaf.addAll(view.getMembers());
      deaf.remove(opened.getAddress());
      if (deaf.isEmpty()) {
        return;
      }
    }
    try {
      opened.send(new BytesMessage(null, word.bytes()));
      synchronized (lock) {
        long left = end - System.nanoTime();
        while (!deaf.isEmpty() && left > 0) {
          TimeUnit.NANOSECONDS.timedWait(lock, left);
          left = end - System.nanoTime();
        }
        if (!deaf.isEmpty()) {
          log.atInfo().addKeyValue("members", deaf).log("not all members have heard the good-bye");
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) { // as JGroups declares it
      log.atInfo().setCause(e).log("no good-bye to the other members; they will miss this one");
    }
  }

  private final class Listener implements Receiver {
    @Override
    public void viewAccepted(View now) {
      synchronized (lock) {
        view = now;
        Map<String, GossipAddress> newestById = new HashMap<>();
        for (Address address : now.getMembers()) {
          if (gone.contains(address)) {
            continue;
          }
          GossipAddress.of(address)
              .filter(seen -> isNewer(seen, newestById.get(seen.member().id())))
              .ifPresent(
                  seen -> {
                    newestById.put(seen.member().id(), seen);
                    addressById.put(seen.member().id(), address);
                  });
        }
        gone.retainAll(now.getMembers());
        if (deaf.retainAll(now.getMembers())) {
          lock.notifyAll();
        }
        List<Member> present = new ArrayList<>();
        newestById.values().forEach(seen -> present.add(seen.member()));
        table.reportAll(present);
      }
    }

    @Override
    public void receive(Message message) {
      Address sender = message.getSrc();
      JChannel opened = channel;
      if (opened == null || sender.equals(opened.getAddress())) {
        return;
      }
      GoodBye.of(message)
          .ifPresent(
              word -> {
                if (word == GoodBye.HEARD) {
                  heard(sender);
                } else {
                  hear(opened, sender, word);
                }
              });
    }
  }

  private static boolean isNewer(GossipAddress seen, @Nullable GossipAddress other) {
    return other == null || seen.startedAtMillis() > other.startedAtMillis();
  }

  private void heard(Address by) {
    synchronized (lock) {
      if (deaf.remove(by) && deaf.isEmpty()) {
        lock.notifyAll();
      }
    }
  }

  private void hear(JChannel opened, Address sender, GoodBye word) {
    synchronized (lock) {
      if (view.containsMember(sender)) {
        gone.add(sender);
      }
      // One that was replaced already says nothing about its successor.
      GossipAddress.of(sender)
          .filter(from -> sender.equals(addressById.get(from.member().id())))
          .ifPresent(from -> table.report(from.member(), word.presence()));
    }
    try {
      opened.send(new BytesMessage(sender, GoodBye.HEARD.bytes()));
    } catch (Exception e) { // as JGroups declares it
      log.atDebug().setCause(e).addKeyValue("member", sender).log("good-bye not answered");
    }
  }
}
