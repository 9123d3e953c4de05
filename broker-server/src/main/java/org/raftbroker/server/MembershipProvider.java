package org.raftbroker.server;

import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.raftbroker.server.cluster.CurrentMap;
import org.raftbroker.server.cluster.KnownMembers;
import org.raftbroker.server.config.NodeConfig;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.MembershipConfig;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.fixed.StaticMembership;
import org.raftbroker.server.membership.jgroups.JGroupsMembership;
import org.raftbroker.server.membership.kubernetes.KubernetesConfig;
import org.raftbroker.server.membership.kubernetes.KubernetesMembership;
import org.raftbroker.server.membership.kubernetes.StatefulSetWatch;
import org.raftbroker.server.membership.serf.SerfMembership;

/** The way of finding members that the configuration names, and what it is wrapped in. */
final class MembershipProvider {
  private MembershipProvider() {}

  /**
   * Starts nothing.
   *
   * @param map the members that nobody sees are in there
   */
  static Membership of(NodeConfig config, Member self, CurrentMap map) {
    // A list knows of nobody whether he is there.
    Presence unreported =
        config.membership().provider() == MembershipConfig.Provider.STATIC
            ? Presence.UP
            : Presence.UNSEEN;
    KubernetesConfig kubernetes = config.kubernetes();
    if (!kubernetes.enabled()) {
      return new KnownMembers(provider(config, self, List::of), map, unreported);
    }
    StatefulSetWatch watch = new StatefulSetWatch(kubernetes, self.id());
    Address gossip = self.gossip();
    Supplier<List<Address>> contacts =
        () -> gossip == null ? List.of() : watch.contacts(gossip.port());
    // Around the map's members, too: who was scaled away while this node was not there is in the
    // map only.
    return new KubernetesMembership(
        new KnownMembers(provider(config, self, contacts), map, unreported),
        kubernetes,
        watch,
        System::nanoTime);
  }

  private static Membership provider(
      NodeConfig config, Member self, Supplier<List<Address>> contacts) {
    List<Member> listed = config.cluster().members();
    InstantSource clock = InstantSource.system();
    return switch (config.membership().provider()) {
      case STATIC -> new StaticMembership(self, listed);
      case JGROUPS ->
          new JGroupsMembership(
              self,
              listed,
              Objects.requireNonNull(config.listen().gossip(self)),
              config.cluster().name(),
              config.cluster().secret().reveal(),
              config.jgroups(),
              contacts,
              config.membership().forgetAfter(),
              clock);
      case SERF ->
          new SerfMembership(
              self,
              listed,
              config.cluster().name(),
              config.serf(),
              config.membership().forgetAfter(),
              clock);
    };
  }
}
