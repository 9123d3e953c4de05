package org.raftbroker.server.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MemberTableTest {
  private static final Member SELF = member("n2", 1);

  private Instant now = Instant.EPOCH;
  private final List<String> changes = new ArrayList<>();
  private final MemberTable table =
      new MemberTable(
          SELF, List.of(member("n1", 1), SELF, member("n3", 1)), Duration.ofHours(1), () -> now);

  MemberTableTest() {
    table.watch(
        change ->
            changes.add(change.now().id() + " " + change.kind() + " " + change.now().presence()));
  }

  @Test
  void listedMembersAreKnownBeforeTheyAreSeen() {
    assertThat(table.members())
        .containsExactly(
            new MemberView(member("n1", 1), Presence.UNSEEN),
            new MemberView(SELF, Presence.UP),
            new MemberView(member("n3", 1), Presence.UNSEEN));
  }

  @Test
  void theSameNewsTwiceIsOneChange() {
    table.report(member("n1", 1), Presence.UP);
    table.report(member("n1", 1), Presence.UP);
    table.report(member("n1", 1), Presence.FAILED);
    table.report(member("n1", 1), Presence.FAILED);

    assertThat(changes).containsExactly("n1 JOINED up", "n1 DOWN failed");
  }

  @Test
  void otherAddressesAreAChangeOfOneThatIsUpOnly() {
    table.report(member("n1", 1), Presence.UP);
    table.report(member("n1", 2), Presence.UP);
    table.report(member("n1", 2), Presence.STOPPED);
    table.report(member("n1", 1), Presence.STOPPED);

    assertThat(changes).containsExactly("n1 JOINED up", "n1 UPDATED up", "n1 DOWN stopped");
    assertThat(table.members().get(0).member()).isEqualTo(member("n1", 2));
  }

  @Test
  void oneThatSaidGoodByeIsNotCalledFailedBecauseItIsGone() {
    table.report(member("n1", 1), Presence.UP);
    table.report(member("n3", 1), Presence.UP);
    table.report(member("n1", 1), Presence.STOPPED);
    table.report(member("n3", 1), Presence.LEFT);
    table.reportAll(List.of());

    assertThat(changes)
        .containsExactly("n1 JOINED up", "n3 JOINED up", "n1 DOWN stopped", "n3 LEFT left");
  }

  @Test
  void aGoodByeThatComesLateCounts() {
    table.report(member("n1", 1), Presence.UP);
    table.reportAll(List.of());
    table.report(member("n1", 1), Presence.STOPPED);
    table.report(member("n1", 1), Presence.LEFT);
    table.report(member("n1", 1), Presence.STOPPED);

    assertThat(changes)
        .containsExactly("n1 JOINED up", "n1 DOWN failed", "n1 DOWN stopped", "n1 LEFT left");
  }

  @Test
  void oneThatLeftMayComeBack() {
    table.report(member("n1", 1), Presence.LEFT);
    table.report(member("n1", 2), Presence.UP);

    assertThat(changes).containsExactly("n1 LEFT left", "n1 JOINED up");
  }

  @Test
  void onlyMembersThatAreNotListedAreForgotten() {
    table.report(member("n1", 1), Presence.FAILED);
    table.report(member("n7", 1), Presence.UP);
    table.report(member("n8", 1), Presence.UP);
    table.report(member("n9", 1), Presence.LEFT);
    table.report(member("n8", 1), Presence.FAILED);
    changes.clear();
    now = now.plus(Duration.ofMinutes(59));
    table.forget();
    assertThat(changes).isEmpty();
    now = now.plus(Duration.ofMinutes(2));

    table.forget();

    assertThat(changes).containsExactly("n8 FORGOTTEN failed", "n9 FORGOTTEN left");
    assertThat(table.members()).extracting(MemberView::id).containsExactly("n1", "n2", "n3", "n7");
  }

  @Test
  void whatOthersSayOfThisNodeIsIgnored() {
    table.report(member("n2", 9), Presence.LEFT);
    table.reportAll(List.of());

    assertThat(changes).isEmpty();
    assertThat(table.members().get(1)).isEqualTo(new MemberView(SELF, Presence.UP));
  }

  @Test
  void aListenerThatFailsDoesNotKeepTheOthersFromKnowing() {
    table.watch(
        change -> {
          throw new IllegalStateException("a defect");
        });
    List<String> later = new ArrayList<>();
    table.watch(change -> later.add(change.now().id()));

    table.report(member("n1", 1), Presence.UP);
    table.report(member("n3", 1), Presence.UP);

    assertThat(later).containsExactly("n1", "n3");
  }

  @Test
  void aDiskIdIsOfBoundedLength() {
    assertThatThrownBy(() -> SELF.withDisk("x".repeat(37)))
        .hasMessageContaining("has more than 36 characters");
  }

  private static Member member(String id, int port) {
    return new Member(
        id, new Address("h", port), new Address("h", port + 100), new Address("h", port + 200));
  }
}
