package org.raftbroker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.raftbroker.cli.ClusterView.MemberView;
import org.raftbroker.cli.ClusterView.Placed;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.Replica;

/** What an operator should look at, in words. Pure. */
final class ClusterProblems {
  /** A replica this far behind is not merely between two messages: about a second of full load. */
  static final long LARGE_LAG = 10_000;

  private ClusterProblems() {}

  static List<String> of(ClusterView view) {
    List<String> problems = new ArrayList<>();
    ofMembers(view, problems);
    Map<Integer, List<Placed>> replicasByShard = view.replicasByShard();
    for (int shard : view.shards()) {
      List<Placed> replicas = replicasByShard.getOrDefault(shard, List.of());
      ofPlacement(shard, view.placement(shard), replicas, problems);
      ofShard(shard, replicas, problems);
    }
    return problems;
  }

  private static void ofMembers(ClusterView view, List<String> problems) {
    Set<String> versions = new TreeSet<>();
    Set<String> memberLists = new TreeSet<>();
    for (MemberView member : view.members()) {
      String id = member.member().getId();
      if (member.left()) {
        continue;
      }
      if (member.description() == null) {
        problems.add("member " + id + " is down: " + member.problem());
        continue;
      }
      if (!member.description().getReady()) {
        problems.add("member " + id + " is not ready: starting, draining or without a replica");
      }
      if (!member.description().getNodeId().equals(id)) {
        problems.add(
            "the address of member " + id + " is answered by " + member.description().getNodeId());
      }
      versions.add(member.description().getVersion());
      memberLists.add(
          member.description().getMembersList().stream()
              .filter(known -> known.getState() != Member.State.LEFT)
              .map(Member::getId)
              .sorted()
              .collect(Collectors.joining(" ")));
    }
    if (versions.size() > 1) {
      problems.add("members run different versions: " + String.join(", ", versions));
    }
    if (memberLists.size() > 1) {
      problems.add("members disagree about who is one: " + String.join(" | ", memberLists));
    }
    List<MemberView> staying = view.members().stream().filter(m -> !m.left()).toList();
    long up = staying.stream().filter(MemberView::up).count();
    boolean tellsPlacements = view.shards().stream().anyMatch(n -> !view.placement(n).isEmpty());
    if (!tellsPlacements && up <= staying.size() / 2) {
      problems.add(
          "only " + up + " of " + staying.size() + " members answer: no majority to commit");
    }
  }

  private static void ofPlacement(
      int shard, List<String> placement, List<Placed> replicas, List<String> problems) {
    long up = replicas.stream().filter(placed -> placement.contains(placed.memberId())).count();
    if (!placement.isEmpty() && up <= placement.size() / 2) {
      problems.add(
          "shard "
              + shard
              + ": only "
              + up
              + " of its "
              + placement.size()
              + " replicas answer ("
              + String.join(", ", placement)
              + "): no majority to commit");
    }
  }

  private static void ofShard(int shard, List<Placed> replicas, List<String> problems) {
    if (ClusterView.leader(replicas).isEmpty()) {
      problems.add("shard " + shard + " has no leader among the members that answered");
    }
    for (Placed placed : replicas) {
      Replica replica = placed.replica();
      String where = "shard " + shard + " at " + placed.memberId();
      if (replica.getRole() == Replica.Role.QUARANTINED) {
        problems.add(where + " is quarantined: " + replica.getProblem());
      } else if (!replica.getProblem().isEmpty()) {
        problems.add(where + ": " + replica.getProblem());
      }
      long lag = ClusterView.lag(placed, replicas);
      if (lag > LARGE_LAG) {
        problems.add(where + " is " + lag + " entries behind");
      }
    }
  }
}
