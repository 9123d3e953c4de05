package org.raftbroker.server.membership;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What every provider that looks for members promises; a subclass for each one runs it. */
public abstract class DynamicMembershipTest {
  /** Serf takes 6 s to call an agent failed, and this machine may be busy. */
  protected static final Duration BOUND = Duration.ofSeconds(30);

  private Fleet fleet;

  /**
   * Members that find each other by the one that is started first, and by what they learn from it.
   */
  protected abstract Fleet newFleet() throws Exception;

  @BeforeEach
  final void open() throws Exception {
    fleet = newFleet();
  }

  @AfterEach
  final void close() throws Exception {
    fleet.close();
  }

  protected final Fleet fleet() {
    return fleet;
  }

  @Test
  void membersThatNobodyListsAreFoundWithAllTheirAddresses() throws Exception {
    Member one = fleet.member("n1");
    Member two = fleet.member("n2");
    Member three = fleet.member("n3").withDisk("0d7ffea0-7a5a-4d7c-8d0a-8d0a0d7ffea0");
    List<Membership> all = List.of(fleet.start(one), fleet.start(two), fleet.start(three));

    for (Membership each : all) {
      awaitUp(each, one, two, three);
      assertThat(each.members()).extracting(MemberView::id).containsExactly("n1", "n2", "n3");
    }
  }

  @Test
  void oneThatStopsSaysSo() throws Exception {
    Member two = fleet.member("n2");
    Membership here = fleet.start(fleet.member("n1"));
    Membership there = fleet.start(two);
    awaitUp(here, two);
    awaitUp(there, here.self());

    there.close();

    awaitPresence(here, "n2", Presence.STOPPED);
  }

  @Test
  void oneThatLeavesForGoodIsToldFromOneThatStops() throws Exception {
    Member two = fleet.member("n2");
    Membership here = fleet.start(fleet.member("n1"));
    Membership there = fleet.start(two);
    awaitUp(here, two);
    awaitUp(there, here.self());

    there.leave();
    there.close();

    awaitPresence(here, "n2", Presence.LEFT);
  }

  @Test
  void oneThatIsKilledHasFailedAndStaysKnown() throws Exception {
    Member two = fleet.member("n2");
    Member three = fleet.member("n3");
    Membership here = fleet.start(fleet.member("n1"));
    Membership witness = fleet.start(two);
    Fleet.Victim victim = fleet.startVictim(three);
    awaitUp(here, two, three);
    awaitUp(witness, three);

    victim.kill();

    for (Membership each : List.of(here, witness)) {
      awaitPresence(each, "n3", Presence.FAILED);
      assertThat(each.members().get(2).member().grpc()).isEqualTo(three.grpc());
    }
  }

  @Test
  void oneThatWasKilledComesBackWithOtherAddresses() throws Exception {
    Member first = fleet.member("n2");
    Member second = fleet.member("n2");
    Membership here = fleet.start(fleet.member("n1"));
    Fleet.Victim victim = fleet.startVictim(first);
    awaitUp(here, first);
    victim.kill();
    awaitPresence(here, "n2", Presence.FAILED);

    fleet.start(second);

    awaitUp(here, second);
    assertThat(second.grpc()).isNotEqualTo(first.grpc());
  }

  @Test
  void changesAreToldOnceAndInOrder() throws Exception {
    Member two = fleet.member("n2");
    Membership here = fleet.start(fleet.member("n1"));
    RecordedChanges changes = RecordedChanges.of(here);
    Membership there = fleet.start(two);
    awaitUp(here, two);
    awaitUp(there, here.self());
    there.close();
    awaitPresence(here, "n2", Presence.STOPPED);
    Membership again = fleet.start(two);
    awaitUp(here, two);
    awaitUp(again, here.self());

    again.leave();
    again.close();
    awaitPresence(here, "n2", Presence.LEFT);
    Membership after = fleet.start(fleet.member("n3"));
    awaitUp(here, after.self());

    changes.expect(
        "n2 JOINED up", "n2 DOWN stopped", "n2 JOINED up", "n2 LEFT left", "n3 JOINED up");
  }

  @Test
  void closingTwiceDoesNothingMore() throws Exception {
    Membership alone = fleet.start(fleet.member("n1"));

    alone.close();
    alone.close();

    assertThat(alone.members()).extracting(MemberView::id).containsExactly("n1");
  }

  protected static void awaitUp(Membership at, Member... members) {
    Awaitility.await("members are up at " + at.self().id())
        .atMost(BOUND)
        .untilAsserted(
            () -> {
              for (Member member : members) {
                assertThat(at.members())
                    .anySatisfy(
                        view -> {
                          assertThat(view.presence()).isEqualTo(Presence.UP);
                          assertThat(view.id()).isEqualTo(member.id());
                          assertThat(view.member().grpc()).isEqualTo(member.grpc());
                          assertThat(view.member().raft()).isEqualTo(member.raft());
                          assertThat(view.member().http()).isEqualTo(member.http());
                          assertThat(view.member().disk()).isEqualTo(member.disk());
                        });
              }
            });
  }

  protected static void awaitPresence(Membership at, String id, Presence presence) {
    Awaitility.await(id + " is " + presence + " at " + at.self().id())
        .atMost(BOUND)
        .untilAsserted(
            () ->
                assertThat(at.members())
                    .anySatisfy(
                        view -> {
                          assertThat(view.id()).isEqualTo(id);
                          assertThat(view.presence()).isEqualTo(presence);
                        }));
  }
}
