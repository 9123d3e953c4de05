package org.raftbroker.server.membership.kubernetes;

import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.FreePorts;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;
import org.raftbroker.server.membership.Presence;
import org.raftbroker.server.membership.jgroups.JGroupsConfig;
import org.raftbroker.server.membership.jgroups.JGroupsMembership;

/** Real gossip that is told of no contact but the pods. */
class PodContactsTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  @TempDir Path certificate;
  @TempDir Path directory;

  @Test
  void membersFindEachOtherByTheirPods() throws Exception {
    SmallApiServer.makeCertificate(certificate);
    List<Membership> members = new ArrayList<>();
    try (SmallApiServer api = SmallApiServer.start(directory, certificate);
        FreePorts ports = FreePorts.reserve()) {
      int gossip = ports.next();
      api.scale("b", 3);
      api.pod("b-0", "127.0.0.2");
      api.pod("b-1", "127.0.0.3");
      api.pod("b-2", ""); // waits for a machine
      try {
        members.add(member(api, 0, new Address("127.0.0.2", gossip)));
        members.add(member(api, 1, new Address("127.0.0.3", gossip)));

        for (Membership membership : members) {
          membership.start();
        }

        for (Membership membership : members) {
          await()
              .atMost(Duration.ofSeconds(30))
              .until(
                  () ->
                      membership.members().stream()
                              .filter(view -> view.presence() == Presence.UP)
                              .count()
                          == 2);
        }
      } finally {
        members.forEach(Membership::close);
      }
    }
  }

  private static Membership member(SmallApiServer api, int ordinal, Address gossip) {
    String id = "b-" + ordinal;
    Address unused = new Address("127.0.0.1", 1);
    KubernetesConfig config = api.config("b", MINUTE);
    StatefulSetWatch watch = new StatefulSetWatch(config, id);
    return new KubernetesMembership(
        new JGroupsMembership(
            new Member(id, unused, unused, unused, gossip, ""),
            List.of(),
            gossip,
            "pods",
            "secret",
            new JGroupsConfig(List.of(), null, Duration.ofSeconds(3), 10),
            () -> watch.contacts(gossip.port()),
            MINUTE,
            InstantSource.system()),
        config,
        watch,
        System::nanoTime);
  }
}
