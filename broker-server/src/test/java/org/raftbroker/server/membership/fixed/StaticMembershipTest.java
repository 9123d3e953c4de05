package org.raftbroker.server.membership.fixed;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.RecordedChanges;

final class StaticMembershipTest {
  private static final Member ONE = member("n1");
  private static final Member TWO = member("n2");
  private static final Member NINE = member("n9");

  @Test
  void listedMembersAndThisNodeAreThereAndAllAreTakenForUp() {
    try (StaticMembership membership = new StaticMembership(NINE, List.of(TWO, ONE))) {
      RecordedChanges changes = RecordedChanges.of(membership);
      membership.start();
      membership.leave();

      assertThat(membership.self()).isEqualTo(NINE);
      assertThat(membership.members())
          .containsExactly(
              new MemberView(ONE, Presence.UP),
              new MemberView(TWO, Presence.UP),
              new MemberView(NINE, Presence.UP));
      assertThat(changes.lines()).isEmpty();
    }
  }

  @Test
  void thisNodeKnowsItselfBetterThanTheList() {
    Member here = TWO.withDisk("d");
    try (StaticMembership membership = new StaticMembership(here, List.of(ONE, TWO))) {
      assertThat(membership.members()).extracting(MemberView::member).containsExactly(ONE, here);
    }
  }

  private static Member member(String id) {
    return new Member(id, new Address(id, 1), new Address(id, 2), new Address(id, 3));
  }
}
