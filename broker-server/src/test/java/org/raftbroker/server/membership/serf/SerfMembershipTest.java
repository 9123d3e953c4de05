package org.raftbroker.server.membership.serf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.DynamicMembershipTest;
import org.raftbroker.server.membership.Fleet;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Presence;

/** With real agents. */
final class SerfMembershipTest extends DynamicMembershipTest {
  @TempDir Path logs;

  @Override
  protected Fleet newFleet() {
    SerfProgram.assumeInstalled();
    return new SerfFleet(logs);
  }

  private SerfFleet serf() {
    return (SerfFleet) fleet();
  }

  @Test
  void anAgentThatIsToldToLeaveTakesItsMemberAlong() throws Exception {
    Member two = serf().member("n2");
    SerfMembership here = serf().start(serf().member("n1"));
    serf().start(two);
    awaitUp(here, two);

    SerfProgram.run(
        "leave", "-rpc-addr=" + serf().agent("n2").rpc(), "-rpc-auth=" + SerfAgent.AUTH_KEY);

    awaitPresence(here, "n2", Presence.LEFT);
  }

  @Test
  void whileTheAgentIsAwayWhatWasKnownStaysAndItIsToldAgain() throws Exception {
    Member one = serf().member("n1");
    Member two = serf().member("n2");
    SerfMembership there = serf().start(two);
    SerfMembership here = serf().start(one);
    awaitUp(here, two);
    awaitUp(there, one);

    serf().agent("n1").kill();

    awaitPresence(there, "n1", Presence.FAILED);
    assertThat(here.members())
        .containsExactly(new MemberView(one, Presence.UP), new MemberView(two, Presence.UP));

    serf().startAgent("n1");

    awaitUp(there, one);
    there.close();
    awaitPresence(here, "n2", Presence.STOPPED);
  }

  @Test
  void agentsWithoutAMemberOfThisClusterAreNone() throws Exception {
    Member two = serf().member("n2");
    SerfMembership here = serf().start(serf().member("n1"));
    serf().startAgent("other");
    String rpc = "-rpc-addr=" + serf().agent("other").rpc();
    Awaitility.await("the agent takes tags")
        .atMost(BOUND)
        .ignoreExceptions()
        .untilAsserted(
            () ->
                SerfProgram.run(
                    "tags", "-set=role=web", "-set=id=n9", rpc, "-rpc-auth=" + SerfAgent.AUTH_KEY));
    serf().start(two);

    awaitUp(here, two);

    assertThat(here.members()).extracting(MemberView::id).containsExactly("n1", "n2");
  }

  @Test
  void aWrongKeyIsTriedAgainAndAgain() throws Exception {
    Member one = serf().member("n1");
    Member two = serf().member("n2");
    SerfMembership here = serf().start(two);
    serf().startAgent("n1");
    try (SerfMembership refused = serf().membership(one, "another-key")) {
      refused.start();

      Awaitility.await()
          .during(Duration.ofSeconds(2))
          .atMost(10, TimeUnit.SECONDS)
          .untilAsserted(
              () -> assertThat(here.members()).extracting(MemberView::id).containsExactly("n2"));
      assertThat(refused.members()).extracting(MemberView::id).containsExactly("n1");
    }
  }

  @Test
  void addressesThatSerfCannotTakeAreRefusedAtTheStart() {
    String host = "h".repeat(150) + ".example";
    Member far = new Member("n1", new Address(host, 1), new Address(host, 2), new Address(host, 3));

    assertThatThrownBy(() -> serf().membership(far, "").start())
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("the tags of this node need 5")
        .hasMessageContaining("Serf takes 512; use shorter host names");
  }
}
