package org.raftbroker.server.membership.jgroups;

import java.io.IOException;
import java.util.List;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;

/** A member and nothing else, until its input ends: so none outlives its test. */
final class GossipProcess {
  static final String STARTED = "started";

  private GossipProcess() {}

  public static void main(String[] args) throws IOException {
    Member member =
        new Member(
            args[0],
            Address.parse(args[1]),
            Address.parse(args[2]),
            Address.parse(args[3]),
            Address.parse(args[4]),
            args[5]);
    JGroupsMembership membership =
        GossipFleet.membership(
            member,
            Address.parse(args[4]),
            List.of(Address.parse(args[6])),
            GossipFleet.CLUSTER,
            GossipFleet.SECRET);
    membership.start();
    System.out.println(STARTED);
    while (System.in.read() >= 0) {
      // nothing is said
    }
    Runtime.getRuntime().halt(0);
  }
}
