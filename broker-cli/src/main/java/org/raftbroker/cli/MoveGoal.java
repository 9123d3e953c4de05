package org.raftbroker.cli;

import java.util.List;
import java.util.Optional;
import org.raftbroker.proto.admin.ClusterMember;

/** Where a command wants replicas to be, or not to be. Pure. */
interface MoveGoal {
  /**
   * Returns what is still to be done, in words; empty: the goal is reached.
   *
   * @throws Failure if it will not be reached, because somebody else wants something else
   */
  String left(ClusterView view);

  /** A member without replicas. */
  record Drained(String memberId) implements MoveGoal {
    @Override
    public String left(ClusterView view) {
      Optional<ClusterMember.State> membership = view.membership(memberId);
      if (membership.isEmpty()) {
        return ""; // removed meanwhile, which nobody is before it has no replica any more
      }
      requireNotActive(memberId, membership.get());
      if (view.isUp(memberId)) {
        return replicasLeft(view, memberId);
      }
      // It cannot be asked what it has: that all others have what is wanted of them must be enough.
      boolean replaced =
          view.wantedAt(memberId).isEmpty()
              && view.replicasByShard().keySet().stream()
                  .allMatch(
                      shard -> view.wanted(shard).stream().allMatch(id -> view.votes(shard, id)));
      return replaced
          ? ""
          : memberId + " does not answer, and not all shards have their replicas elsewhere yet";
    }
  }

  /** A member that is none any more. */
  record Removed(String memberId) implements MoveGoal {
    @Override
    public String left(ClusterView view) {
      Optional<ClusterMember.State> membership = view.membership(memberId);
      if (membership.isEmpty()) {
        return "";
      }
      requireNotActive(memberId, membership.get());
      if (!view.isUp(memberId)) {
        return memberId + " does not answer and is still a member";
      }
      String replicas = replicasLeft(view, memberId);
      return replicas.isEmpty() ? memberId + " has no replicas and is still a member" : replicas;
    }
  }

  /** A replica that has gone from one member to another. */
  record Moved(int shard, String fromId, String toId) implements MoveGoal {
    @Override
    public String left(ClusterView view) {
      List<String> wanted = view.wanted(shard);
      if (!wanted.contains(toId) || wanted.contains(fromId)) {
        throw changed(
            "somebody else has changed where shard "
                + shard
                + " is to be: on "
                + String.join(", ", wanted));
      }
      if (!view.votes(shard, toId)) {
        return "shard " + shard + " does not vote at " + toId + " yet";
      }
      boolean gone =
          ClusterView.at(fromId, view.replicasByShard().getOrDefault(shard, List.of())).isEmpty();
      return gone ? "" : "shard " + shard + " is still at " + fromId;
    }
  }

  private static String replicasLeft(ClusterView view, String memberId) {
    long there =
        view.replicasByShard().values().stream()
            .filter(replicas -> ClusterView.at(memberId, replicas).isPresent())
            .count();
    if (there > 0) {
      return memberId + " has " + Quantity.count(there, "replica");
    }
    int wanted = view.wantedAt(memberId).size();
    return wanted == 0 ? "" : memberId + " is still to have " + Quantity.count(wanted, "replica");
  }

  private static void requireNotActive(String memberId, ClusterMember.State membership) {
    if (membership == ClusterMember.State.ACTIVE) {
      throw changed("somebody else has activated \"" + memberId + "\" again");
    }
  }

  private static Failure changed(String how) {
    return new Failure("FAILED_PRECONDITION", "MOVE_CHANGED", how, ExitCode.REFUSED);
  }
}
