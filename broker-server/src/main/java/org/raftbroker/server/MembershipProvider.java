package org.raftbroker.server;

import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import org.raftbroker.server.config.NodeConfig;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.fixed.StaticMembership;
import org.raftbroker.server.membership.jgroups.JGroupsMembership;
import org.raftbroker.server.membership.serf.SerfMembership;

/** The way of finding members that the configuration names. */
final class MembershipProvider {
  private MembershipProvider() {}

  /** Starts nothing. */
  static Membership of(NodeConfig config, Member self) {
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
