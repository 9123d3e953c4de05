package org.raftbroker.server.membership.serf;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Fleet;
import org.raftbroker.server.membership.FreePorts;
import org.raftbroker.server.membership.Member;

/** Members with a real Serf agent each, on this machine. */
final class SerfFleet implements Fleet {
  static final String CLUSTER = "fleet";

  private final Path logs;
  private final FreePorts ports = FreePorts.reserve();
  private final Map<String, SerfAgent> agentById = new HashMap<>();
  private final List<SerfMembership> started = new ArrayList<>();
  private @Nullable SerfAgent contact;
  private int made;

  SerfFleet(Path logs) {
    this.logs = logs;
  }

  @Override
  public Member member(String id) {
    made++;
    return new Member(
        id,
        new Address("127.0.0.1", 40_000 + made),
        new Address("127.0.0.1", 41_000 + made),
        new Address("127.0.0.1", 42_000 + made));
  }

  /** The agent beside a member; the same one for all starts of it. */
  SerfAgent agent(String id) {
    return agentById.computeIfAbsent(id, name -> new SerfAgent(name, ports, logs));
  }

  void startAgent(String id) {
    SerfAgent agent = agent(id);
    if (!agent.isRunning()) {
      agent.start(contact);
      contact = contact == null ? agent : contact;
    }
  }

  @Override
  public SerfMembership start(Member member) throws IOException {
    startAgent(member.id());
    SerfMembership membership = membership(member, SerfAgent.AUTH_KEY);
    started.add(membership);
    membership.start();
    return membership;
  }

  SerfMembership membership(Member member, String authKey) {
    return new SerfMembership(
        member,
        List.of(),
        CLUSTER,
        new SerfConfig(agent(member.id()).rpc(), authKey, Duration.ofMillis(500)),
        Duration.ofHours(1),
        InstantSource.system());
  }

  @Override
  public Victim startVictim(Member member) throws IOException {
    SerfMembership membership = start(member);
    return () -> {
      // The agent is what Serf misses; its broker is on the same machine and goes with it.
      agent(member.id()).kill();
      membership.close();
    };
  }

  @Override
  public void close() throws IOException {
    started.forEach(SerfMembership::close);
    agentById.values().forEach(SerfAgent::kill);
    ports.close();
  }
}
