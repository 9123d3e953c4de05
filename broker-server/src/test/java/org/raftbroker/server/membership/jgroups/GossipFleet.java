package org.raftbroker.server.membership.jgroups;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Fleet;
import org.raftbroker.server.membership.FreePorts;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.Membership;

/** Members that gossip on this machine; the contact of all is the one that is started first. */
final class GossipFleet implements Fleet {
  static final String CLUSTER = "fleet";
  static final String SECRET = "for-tests-only";
  static final int OFFSET = 10;

  private final FreePorts ports = FreePorts.reserve();
  private final List<Membership> started = new ArrayList<>();
  private final List<Process> processes = new ArrayList<>();
  private final List<Address> contacts = new ArrayList<>();
  private int made;

  @Override
  public Member member(String id) {
    // Each one's second port, for failures, is OFFSET after the first.
    int port = ports.next();
    made++;
    if (made == OFFSET) {
      throw new IllegalStateException("no more than " + OFFSET + " members");
    }
    return new Member(
        id,
        new Address("127.0.0.1", port + 20_000),
        new Address("127.0.0.1", port + 21_000),
        new Address("127.0.0.1", port + 22_000),
        new Address("127.0.0.1", port),
        "");
  }

  @Override
  public JGroupsMembership start(Member member) throws IOException {
    if (contacts.isEmpty()) {
      contacts.add(Objects.requireNonNull(member.gossip()));
    }
    return start(member, CLUSTER, SECRET);
  }

  /** Makes one the contact that is not started yet. */
  void contactIs(Member member) {
    contacts.add(Objects.requireNonNull(member.gossip()));
  }

  /** Listens on every interface, and tells the others the address of the member. */
  JGroupsMembership startEverywhere(Member member) throws IOException {
    Address gossip = Objects.requireNonNull(member.gossip());
    if (contacts.isEmpty()) {
      contacts.add(gossip);
    }
    Address everywhere = new Address("0.0.0.0", gossip.port());
    return start(membership(member, everywhere, contacts, CLUSTER, SECRET));
  }

  JGroupsMembership start(Member member, String cluster, String secret) throws IOException {
    Address gossip = Objects.requireNonNull(member.gossip());
    return start(membership(member, gossip, contacts, cluster, secret));
  }

  private JGroupsMembership start(JGroupsMembership membership) throws IOException {
    started.add(membership);
    membership.start();
    return membership;
  }

  static JGroupsMembership membership(
      Member member, Address bind, List<Address> contacts, String cluster, String secret) {
    return new JGroupsMembership(
        member,
        List.of(),
        bind,
        cluster,
        secret,
        new JGroupsConfig(contacts, null, Duration.ofSeconds(3), OFFSET),
        List::of,
        Duration.ofHours(1),
        InstantSource.system());
  }

  /** A process of its own, because what a JVM does at its end is not what a kill does. */
  @Override
  public Victim startVictim(Member member) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                GossipProcess.class.getName(),
                member.id(),
                member.grpc().toString(),
                member.raft().toString(),
                member.http().toString(),
                String.valueOf(member.gossip()),
                member.disk(),
                contacts.get(0).toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    processes.add(process);
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); !GossipProcess.STARTED.equals(line); line = out.readLine()) {
      if (line == null) {
        throw new IOException("the process of " + member.id() + " ended");
      }
    }
    return process::destroyForcibly;
  }

  @Override
  public void close() throws IOException {
    processes.forEach(Process::destroyForcibly);
    for (Membership membership : started) {
      membership.close();
    }
    ports.close();
  }
}
