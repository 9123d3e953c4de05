package org.raftbroker.server.membership.serf;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MemberTable;
import org.raftbroker.server.membership.Presence;

/**
 * Which members the agents of Serf's cluster announce. A member may have moved to another agent: as
 * long as one of them is alive with it, it is up. One thread.
 */
final class SerfView {
  private static final String ALIVE = "alive";
  private static final String LEAVING = "leaving";
  private static final String LEFT = "left";
  private static final String FAILED = "failed";

  private final String cluster;
  private final MemberTable table;
  private final Map<String, Announced> announcedByAgent = new HashMap<>();
  private long changes;

  /**
   * @param change counts what was learned, so that of two the later one can be told
   */
  private record Announced(Member member, Presence presence, long change) {}

  SerfView(String cluster, MemberTable table) {
    this.cluster = cluster;
    this.table = table;
  }

  /** Everything that there is; what is known of others is from before. */
  void onMembers(List<SerfMember> all) {
    Set<String> agents = new HashSet<>();
    for (SerfMember agent : all) {
      agents.add(agent.name());
      learn(agent);
    }
    for (String agent : List.copyOf(announcedByAgent.keySet())) {
      if (!agents.contains(agent)) {
        lose(agent);
      }
    }
  }

  void onEvent(String event, List<SerfMember> agents) {
    for (SerfMember agent : agents) {
      switch (event) {
        case "member-join", "member-update" -> learn(agent.withStatus(ALIVE));
        case "member-leave" -> learn(agent.withStatus(LEFT));
        case "member-failed" -> learn(agent.withStatus(FAILED));
        // Serf forgets an agent that was gone for long; how it went is known.
        case "member-reap" -> lose(agent.name());
        default -> {} // not asked for
      }
    }
  }

  private void learn(SerfMember agent) {
    Optional<Member> member = SerfTags.member(cluster, agent.tags());
    Optional<Presence> presence = presence(agent);
    if (member.isEmpty() || presence.isEmpty()) {
      lose(agent.name());
      return;
    }
    Announced now = new Announced(member.get(), presence.get(), changes++);
    Announced before = announcedByAgent.put(agent.name(), now);
    if (before != null && !before.member.id().equals(now.member.id())) {
      settle(before);
    }
    settle(now);
  }

  /** The agent is there no more, or without a member: one that was up is missed now. */
  private void lose(String agent) {
    Announced before = announcedByAgent.remove(agent);
    if (before != null) {
      Presence now = before.presence == Presence.UP ? Presence.FAILED : before.presence;
      settle(new Announced(before.member, now, before.change));
    }
  }

  private void settle(Announced news) {
    Announced best = news;
    for (Announced other : announcedByAgent.values()) {
      if (other.member.id().equals(news.member.id()) && isBetter(other, best)) {
        best = other;
      }
    }
    table.report(best.member, best.presence);
  }

  private static boolean isBetter(Announced other, Announced best) {
    boolean otherUp = other.presence == Presence.UP;
    boolean bestUp = best.presence == Presence.UP;
    return otherUp == bestUp ? other.change > best.change : otherUp;
  }

  /** What the node said last counts more than how its agent went. */
  private static Optional<Presence> presence(SerfMember agent) {
    String state = agent.tags().getOrDefault(SerfTags.STATE, "");
    return switch (agent.status()) {
      case LEFT, LEAVING -> Optional.of(Presence.LEFT);
      case ALIVE, FAILED ->
          switch (state) {
            case SerfTags.LEFT -> Optional.of(Presence.LEFT);
            case SerfTags.STOPPED -> Optional.of(Presence.STOPPED);
            default -> Optional.of(agent.status().equals(ALIVE) ? Presence.UP : Presence.FAILED);
          };
      default -> Optional.empty();
    };
  }
}
