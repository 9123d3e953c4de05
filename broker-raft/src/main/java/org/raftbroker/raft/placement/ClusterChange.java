package org.raftbroker.raft.placement;

import java.util.ArrayList;
import java.util.List;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.raft.placement.ClusterMember.State;

/**
 * What operators may want changed in the cluster map. Pure.
 *
 * <p>A change that makes no sense is refused with a {@link BrokerException} that says why.
 */
public sealed interface ClusterChange {
  ClusterMap appliedTo(ClusterMap map);

  /** All replicas move away from a member, which stays one. */
  record Drain(String memberId) implements ClusterChange {
    @Override
    public ClusterMap appliedTo(ClusterMap map) {
      return withoutUse(map, memberId, State.DRAINING, "drained");
    }
  }

  /** A member that was drained, or was to leave, may have replicas again. */
  record Activate(String memberId) implements ClusterChange {
    @Override
    public ClusterMap appliedTo(ClusterMap map) {
      return map.withMember(known(map, memberId).withState(State.ACTIVE));
    }
  }

  /** All replicas move away from a member, and then it is none any more. */
  record Remove(String memberId) implements ClusterChange {
    @Override
    public ClusterMap appliedTo(ClusterMap map) {
      return withoutUse(map, memberId, State.LEAVING, "removed");
    }
  }

  /** A replica goes from one member to another. */
  record Move(int shard, String fromId, String toId) implements ClusterChange {
    @Override
    public ClusterMap appliedTo(ClusterMap map) {
      if (shard < 0 || shard >= map.placements().size()) {
        throw new BrokerException(
            Reason.SHARD_INVALID,
            "shard is " + shard + "; this cluster has 0 to " + (map.placements().size() - 1));
      }
      List<String> placement = new ArrayList<>(map.placement(shard));
      ClusterMember to = known(map, toId);
      if (!placement.contains(fromId) || placement.contains(toId)) {
        throw refused(
            "shard "
                + shard
                + " cannot move from \""
                + fromId
                + "\" to \""
                + toId
                + "\": its replicas are on "
                + String.join(", ", placement));
      }
      if (to.state() != State.ACTIVE) {
        throw refused(
            "\"" + toId + "\" is to have no replicas (" + to.state() + "); activate it first");
      }
      placement.set(placement.indexOf(fromId), toId);
      ClusterMap moved = map.withPlacement(shard, placement);
      if (!map.paused() && Rebalance.misplaced(moved).size() > Rebalance.misplaced(map).size()) {
        throw refused(
            "that would leave the members with different numbers of replicas, and be undone at once;"
                + " pause the rebalance first");
      }
      return moved;
    }
  }

  /** Where replicas are to be does not change from now on, or does again. */
  record Pause(boolean paused) implements ClusterChange {
    @Override
    public ClusterMap appliedTo(ClusterMap map) {
      return map.withPaused(paused);
    }
  }

  private static ClusterMap withoutUse(ClusterMap map, String id, State state, String what) {
    ClusterMember member = known(map, id);
    List<String> active = map.activeMembers();
    if (active.size() == 1 && active.contains(id)) {
      throw refused(
          "\""
              + id
              + "\" is the last member that may have replicas, so it cannot be "
              + what
              + "; add another one first");
    }
    return map.withMember(member.withState(state));
  }

  private static ClusterMember known(ClusterMap map, String id) {
    ClusterMember member = map.member(id);
    if (member == null) {
      throw new BrokerException(
          Reason.MEMBER_UNKNOWN,
          "\""
              + id
              + "\" is no member of this cluster; it has "
              + String.join(", ", map.members().keySet()));
    }
    return member;
  }

  private static BrokerException refused(String why) {
    return new BrokerException(Reason.MOVE_REFUSED, why);
  }
}
