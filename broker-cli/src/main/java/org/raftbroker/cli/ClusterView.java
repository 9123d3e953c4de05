package org.raftbroker.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.raftbroker.proto.admin.Member;
import org.raftbroker.proto.admin.NodeDescription;
import org.raftbroker.proto.admin.Replica;

/**
 * A cluster as its members describe it, each for itself, at about the same time.
 *
 * @param members in the order of their ids
 */
record ClusterView(String cluster, List<MemberView> members) {

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

  /** All replicas that were described, by shard, in the order of members. */
  SortedMap<Integer, List<Placed>> replicasByShard() {
    SortedMap<Integer, List<Placed>> byShard = new TreeMap<>();
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

  /**
   * The members that have a replica of a shard, as the first one that answered knows it, those that
   * did not answer included; empty if it does not say, as those of earlier versions.
   */
  List<String> placement(int shard) {
    for (MemberView view : members) {
      if (view.description != null) {
        return view.description.getPlacementsList().stream()
            .filter(placement -> placement.getShard() == shard)
            .flatMap(placement -> placement.getMemberIdsList().stream())
            .toList();
      }
    }
    return List.of();
  }

  /** Numbers of all shards that a member described or knows of. */
  SortedSet<Integer> shards() {
    SortedSet<Integer> shards = new TreeSet<>(replicasByShard().keySet());
    for (MemberView view : members) {
      if (view.description != null) {
        view.description.getPlacementsList().forEach(placed -> shards.add(placed.getShard()));
      }
    }
    return shards;
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
