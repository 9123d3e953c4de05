package org.raftbroker.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.admin.ClusterDescription;
import org.raftbroker.proto.admin.ClusterMember;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;
import org.raftbroker.proto.admin.ShardPlacement;

/**
 * A cluster as its members describe it, each for itself, at about the same time.
 *
 * @param members in the order of their ids
 * @param map what is wanted: the newest map that any of them knows; null if they are of a version
 *     that has none
 */
record ClusterView(String cluster, List<MemberView> members, @Nullable ClusterDescription map) {

  /**
   * A member and its own description, or why there is none.
   *
   * @param description null if the member could not be asked
   * @param problem why; empty if it answered
   */
  record MemberView(Member member, @Nullable NodeDescription description, String problem) {
    boolean up() {
      return description != null;
    }

    /** For good, as membership has it: nobody waits for it. */
    boolean left() {
      return member.getState() == Member.State.LEFT;
    }
  }

  /** A replica and where it is. */
  record Placed(String memberId, Replica replica) {}

  ClusterView {
    members = members.stream().sorted(Comparator.comparing(view -> view.member().getId())).toList();
  }

  /**
   * All replicas that were described, by shard, in the order of members; none for a shard that is
   * known from the map alone.
   */
  SortedMap<Integer, List<Placed>> replicasByShard() {
    SortedMap<Integer, List<Placed>> byShard = new TreeMap<>();
    for (ShardPlacement placement : placements()) {
      byShard.put(placement.getShard(), new ArrayList<>());
    }
    for (MemberView view : members) {
      if (view.description == null) {
        continue;
      }
      for (Replica replica : view.description.getReplicasList()) {
        byShard
            .computeIfAbsent(replica.getShard(), shard -> new ArrayList<>())
            .add(new Placed(view.member.getId(), replica));
      }
    }
    return byShard;
  }

  /** Whether there is an archive: something was moved there, or is about to be. */
  boolean archived() {
    return replicasByShard().values().stream()
        .flatMap(List::stream)
        .map(Placed::replica)
        .anyMatch(replica -> replica.getArchivedIndex() >= 0 || replica.getBacklogMessages() > 0);
  }

  Optional<MemberView> member(String id) {
    return members.stream().filter(view -> view.member().getId().equals(id)).findFirst();
  }

  boolean isUp(String memberId) {
    return member(memberId).filter(MemberView::up).isPresent();
  }

  /** What is to become of a member; empty if the map does not have it, or nobody has a map. */
  Optional<ClusterMember.State> membership(String memberId) {
    return map == null
        ? Optional.empty()
        : map.getMembersList().stream()
            .filter(member -> member.getId().equals(memberId))
            .map(ClusterMember::getState)
            .findFirst();
  }

  /** Whether it is known which members are to have which replicas. */
  boolean isPlaced() {
    return !placements().isEmpty();
  }

  /** Where the map has placed shards; empty as long as no map is known. */
  private List<ShardPlacement> placements() {
    // Version 0 is what the configuration lets expect: nobody has decided on it.
    return map == null || map.getVersion() == 0 ? List.of() : map.getShardsList();
  }

  /** Ids of the members that are to have a replica; empty if nobody says so. */
  List<String> wanted(int shard) {
    return placements().stream()
        .filter(placement -> placement.getShard() == shard)
        .<String>flatMap(placement -> placement.getReplicasList().stream())
        .toList();
  }

  /** Shards that are to have a replica at this member, rising. */
  List<Integer> wantedAt(String memberId) {
    return replicasByShard().keySet().stream()
        .filter(shard -> wanted(shard).contains(memberId))
        .toList();
  }

  /** Whether a member is seen to have a replica that votes. */
  boolean votes(int shard, String memberId) {
    return at(memberId, replicasByShard().getOrDefault(shard, List.of()))
        .map(placed -> placed.replica().getRole())
        .filter(
            role ->
                role == Replica.Role.LEADER
                    || role == Replica.Role.FOLLOWER
                    || role == Replica.Role.CANDIDATE)
        .isPresent();
  }

  static Optional<Placed> at(String memberId, List<Placed> replicas) {
    return replicas.stream().filter(placed -> placed.memberId().equals(memberId)).findFirst();
  }

  /** Who leads: of several that think so, the one of the highest term. */
  static Optional<Placed> leader(List<Placed> replicas) {
    return replicas.stream()
        .filter(placed -> placed.replica().getRole() == Replica.Role.LEADER)
        .max(Comparator.comparingLong(placed -> placed.replica().getTerm()));
  }

  /** The highest committed log index that any replica knows. */
  static long committed(List<Placed> replicas) {
    return replicas.stream().mapToLong(placed -> placed.replica().getCommitIndex()).max().orElse(0);
  }

  /** Log entries that are committed and that this replica has not applied. */
  static long lag(Placed placed, List<Placed> replicas) {
    return Math.max(0, committed(replicas) - placed.replica().getAppliedIndex());
  }

  int count(MemberView view, Replica.Role role) {
    return view.description == null
        ? 0
        : (int)
            view.description.getReplicasList().stream()
                .filter(replica -> replica.getRole() == role)
                .count();
  }
}
