package org.raftbroker.server.membership.fixed;

import java.util.Comparator;
import java.util.List;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;

/** The members that the configuration lists; they never change while the node runs. */
public final class StaticMembership implements Membership {
  private final Member self;
  private final List<Member> members;

  /**
   * @param members with distinct ids; {@code selfId} is one of them
   */
  public StaticMembership(String selfId, List<Member> members) {
    this.members = members.stream().sorted(Comparator.comparing(Member::id)).toList();
    this.self =
        this.members.stream()
            .filter(member -> member.id().equals(selfId))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException("no member has the id " + selfId));
  }

  @Override
  public Member self() {
    return self;
  }

  @Override
  public List<Member> members() {
    return members;
  }
}
