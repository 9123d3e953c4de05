package org.raftbroker.server.membership;

import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/** Members of which a test says how they are. */
public final class ReportedMembership implements Membership {
  private final MemberTable table;

  public ReportedMembership(Member self) {
    this.table = new MemberTable(self, List.of(), Duration.ofHours(1), InstantSource.system());
  }

  public void report(Member member, Presence presence) {
    table.report(member, presence);
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
  public void start() {}

  @Override
  public void leave() {}

  @Override
  public void close() {}
}
