package org.raftbroker.server.membership.jgroups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.jgroups.JChannel;
import org.jgroups.protocols.DISCARD;
import org.jgroups.protocols.TP;
import org.jgroups.stack.ProtocolStack;
import org.junit.jupiter.api.Test;
import org.raftbroker.server.membership.DynamicMembershipTest;
import org.raftbroker.server.membership.Fleet;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberView;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.RecordedChanges;

/** Gossip, in this JVM and beyond. */
final class JGroupsMembershipTest extends DynamicMembershipTest {
  @Override
  protected Fleet newFleet() {
    return new GossipFleet();
  }

  private GossipFleet gossip() {
    return (GossipFleet) fleet();
  }

  @Test
  void aNodeWithAnotherSecretGetsNowhere() throws Exception {
    Member two = gossip().member("n2");
    JGroupsMembership one = gossip().start(gossip().member("n1"));
    JGroupsMembership stranger =
        gossip().start(gossip().member("stranger"), GossipFleet.CLUSTER, "another-secret");
    JGroupsMembership second = gossip().start(two);
    awaitUp(one, two);

    // Time enough for the parts of a cluster to merge, had they been parts of one.
    Awaitility.await()
        .during(6, TimeUnit.SECONDS)
        .atMost(BOUND)
        .untilAsserted(
            () -> {
              assertThat(ids(one)).containsExactly("n1", "n2");
              assertThat(ids(second)).containsExactly("n1", "n2");
              assertThat(ids(stranger)).containsExactly("stranger");
            });
  }

  @Test
  void aClusterOfAnotherNameIsAnother() throws Exception {
    JGroupsMembership one = gossip().start(gossip().member("n1"));
    JGroupsMembership other = gossip().start(gossip().member("n2"), "another", GossipFleet.SECRET);
    Member three = gossip().member("n3");
    gossip().start(three);

    awaitUp(one, three);
    assertThat(ids(one)).containsExactly("n1", "n3");
    assertThat(ids(other)).containsExactly("n2");
  }

  @Test
  void oneWhoseContactIsNotThereYetIsFoundLater() throws Exception {
    Member contact = gossip().member("n1");
    Member two = gossip().member("n2");
    gossip().contactIs(contact);
    JGroupsMembership early = gossip().start(two);
    JGroupsMembership late = gossip().start(contact);

    awaitUp(early, contact);
    awaitUp(late, two);
  }

  @Test
  void afterAPartitionAllAgreeAgain() throws Exception {
    Member two = gossip().member("n2");
    Member three = gossip().member("n3");
    Member first = gossip().member("n1");
    JGroupsMembership a = gossip().start(first);
    JGroupsMembership b = gossip().start(two);
    JGroupsMembership c = gossip().start(three);
    awaitUp(a, two, three);
    awaitUp(c, first, two);
    awaitUp(b, three);
    RecordedChanges changes = RecordedChanges.of(a);

    List<DISCARD> cuts = List.of(cut(c, a, b), cut(a, c), cut(b, c));

    awaitPresence(a, "n3", Presence.FAILED);
    awaitPresence(b, "n3", Presence.FAILED);
    awaitPresence(c, "n1", Presence.FAILED);
    awaitPresence(c, "n2", Presence.FAILED);
    assertThat(a.members()).contains(new MemberView(two, Presence.UP));

    cuts.forEach(DISCARD::resetIgnoredMembers);

    awaitUp(a, two, three);
    awaitUp(b, first, three);
    awaitUp(c, first, two);
    changes.expect("n3 DOWN failed", "n3 JOINED up");
  }

  /** Drops what comes to {@code at} from the others. */
  private static DISCARD cut(JGroupsMembership at, JGroupsMembership... from) throws Exception {
    JChannel channel = Objects.requireNonNull(at.channel());
    DISCARD discard = new DISCARD();
    for (JGroupsMembership other : from) {
      discard.addIgnoreMember(Objects.requireNonNull(other.channel()).getAddress());
    }
    channel.getProtocolStack().insertProtocol(discard, ProtocolStack.Position.ABOVE, TP.class);
    return discard;
  }

  /** As in a container: it listens everywhere, and gives the others an address. */
  @Test
  void oneThatListensOnEveryInterfaceIsFoundAtTheAddressThatItGives() throws Exception {
    Member one = gossip().member("n1");
    Member two = gossip().member("n2");
    Member three = gossip().member("n3");
    JGroupsMembership everywhere = gossip().startEverywhere(one);
    JGroupsMembership second = gossip().startEverywhere(two);
    JGroupsMembership third = gossip().start(three);

    awaitUp(everywhere, two, three);
    awaitUp(second, one, three);
    awaitUp(third, one, two);
    second.close();
    awaitPresence(third, "n2", Presence.STOPPED);
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    for (int offset : List.of(0, GossipFleet.OFFSET)) {
      Member member = gossip().member("n1");
      int port = Objects.requireNonNull(member.gossip()).port();
      try (ServerSocket taken = new ServerSocket()) {
        taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port + offset));

        assertThatThrownBy(() -> gossip().start(member))
            .isInstanceOf(IOException.class)
            .hasMessageStartingWith("gossip cannot listen on 127.0.0.1:" + port)
            .hasMessageContaining("and on port " + (port + GossipFleet.OFFSET))
            .hasMessageContaining("listen.gossip");
      }
    }
  }

  private static List<String> ids(JGroupsMembership membership) {
    return membership.members().stream().map(MemberView::id).toList();
  }
}
