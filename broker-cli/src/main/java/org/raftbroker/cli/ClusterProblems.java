package org.raftbroker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.raftbroker.cli.ClusterView.MemberView;
import org.raftbroker.cli.ClusterView.Placed;
import org.raftbroker.cli.ShardMove.Arrival;
import org.raftbroker.proto.admin.ClusterMember;
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
    // Replicas come one after the other: whether any is under way says more than that one is not.
    boolean moving = RebalanceProgress.of(view).moves().stream().anyMatch(ShardMove::hasBegun);
    view.replicasByShard()
        .forEach(
            (shard, replicas) -> {
              ShardMove move = ShardMove.of(view, shard);
              ofMajority(view, shard, problems);
              ofReplicas(move, replicas, problems);
              if (!moving) {
                ofMissingReplicas(move, problems);
              }
            });
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
        ofSilentMember(view, member, problems);
        continue;
      }
      // One that is drained, or new, has no replica to serve with, and is not to have one.
      if (!member.description().getReady() && isNeeded(view, id)) {
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
    // With a map each shard is looked at for itself: it is on some of the members only.
    if (!view.isPlaced() && up <= staying.size() / 2) {
      problems.add(
          "only " + up + " of " + staying.size() + " members answer: no majority to commit");
    }
  }

  private static void ofSilentMember(ClusterView view, MemberView member, List<String> problems) {
    String id = member.member().getId();
    List<Integer> missing = view.wantedAt(id);
    if (view.isPlaced() && missing.isEmpty() && !isActive(view, id)) {
      return; // drained, or removed and only listed in a configuration still: stopped on purpose
    }
    problems.add("member " + id + " is down: " + member.problem());
    if (!missing.isEmpty()) {
      problems.add(
          (missing.size() == 1 ? "shard " : "shards ")
              + missing.stream().map(String::valueOf).collect(Collectors.joining(", "))
              + (missing.size() == 1 ? " lacks its replica at " : " lack their replicas at ")
              + id
              + " while it is down");
    }
  }

  private static boolean isActive(ClusterView view, String memberId) {
    return view.membership(memberId)
        .filter(state -> state == ClusterMember.State.ACTIVE)
        .isPresent();
  }

  private static boolean isNeeded(ClusterView view, String memberId) {
    return !view.isPlaced() || !view.wantedAt(memberId).isEmpty();
  }

  private static void ofReplicas(ShardMove move, List<Placed> replicas, List<String> problems) {
    int shard = move.shard();
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
      if (lag > LARGE_LAG && !move.isArriving(placed.memberId())) {
        problems.add(where + " is " + lag + " entries behind");
      }
    }
  }

  private static void ofMajority(ClusterView view, int shard, List<String> problems) {
    List<String> wanted = view.wanted(shard);
    long answering = wanted.stream().filter(view::isUp).count();
    if (!wanted.isEmpty() && answering <= wanted.size() / 2) {
      problems.add(
          "shard "
              + shard
              + ": members with "
              + answering
              + " of its "
              + Quantity.count(wanted.size(), "replica")
              + " answer: no majority to commit");
    }
  }

  private static void ofMissingReplicas(ShardMove move, List<String> problems) {
    for (Arrival arrival : move.arriving()) {
      problems.add(
          "shard "
              + move.shard()
              + " has no replica at "
              + arrival.memberId()
              + ", which is to have one, and nothing is moving");
    }
  }
}
