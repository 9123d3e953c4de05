package org.raftbroker.server.cluster;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.raftbroker.raft.placement.ClusterMember;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;

/**
 * The members that membership reports, and those that only the cluster map has: a node that nobody
 * sees at the moment can still be asked for by its name. Any thread.
 */
public final class KnownMembers implements Membership {
  private final Membership reported;
  private final CurrentMap current;

  public KnownMembers(Membership reported, CurrentMap current) {
    this.reported = reported;
    this.current = current;
  }

  @Override
  public Member self() {
    return reported.self();
  }

  @Override
  public List<Member> members() {
    Map<String, Member> byId = new TreeMap<>();
    for (ClusterMember member : current.map().members().values()) {
      byId.put(
          member.id(),
          new Member(
              member.id(),
              Address.parse(member.grpc()),
              Address.parse(member.raft()),
              Address.parse(member.http())));
    }
    // What is seen now is newer than what was written down.
    reported.members().forEach(member -> byId.put(member.id(), member));
    return new ArrayList<>(byId.values());
  }
}
