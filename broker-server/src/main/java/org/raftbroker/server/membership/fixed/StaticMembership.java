package org.raftbroker.server.membership.fixed;

import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.MembershipListener;
import org.raftbroker.server.membership.Presence;

/**
 * The members that the configuration lists, and this node. They never change while the node runs,
 * and nobody looks whether they are there: all are taken for up.
 */
public final class StaticMembership implements Membership {
  private final Member self;
  private final List<MemberView> members;

  /**
   * @param listed with distinct ids; this node may be among them
   */
  public StaticMembership(Member self, Collection<Member> listed) {
    this.self = self;
    TreeMap<String, MemberView> viewById = new TreeMap<>();
    listed.forEach(member -> viewById.put(member.id(), new MemberView(member, Presence.UP)));
    viewById.put(self.id(), new MemberView(self, Presence.UP));
    this.members = List.copyOf(viewById.values());
  }

  @Override
  public Member self() {
    return self;
  }

  @Override
  public List<MemberView> members() {
    return members;
  }

  /** There will be nothing to tell. */
  @Override
  public void watch(MembershipListener listener) {}

  @Override
  public void start() {}

  /** Nobody can be told: the others have their own lists. */
  @Override
  public void leave() {}

  @Override
  public void close() {}
}
