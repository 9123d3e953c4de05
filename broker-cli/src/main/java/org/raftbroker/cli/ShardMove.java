package org.raftbroker.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.raftbroker.cli.ClusterView.Placed;
import org.raftbroker.proto.admin.Replica;

/**
 * What is under way for one shard. Pure.
 *
 * @param arriving wanted at members that answer, and not voting yet
 * @param leaving ids of members that have a replica and are not to have one
 */
record ShardMove(int shard, List<Arrival> arriving, List<String> leaving) {

  /**
   * A replica on its way in.
   *
   * @param behind log entries that it has not applied; null: nothing is there yet
   */
  record Arrival(String memberId, @Nullable Long behind) {
    private String text() {
      return memberId
          + " ("
          + (behind == null ? "not there yet" : Quantity.entries(behind) + " behind")
          + ")";
    }
  }

  ShardMove {
    arriving = List.copyOf(arriving);
    leaving = List.copyOf(leaving);
  }

  /** Without arrivals and departures if nobody says where the shard is to be. */
  static ShardMove of(ClusterView view, int shard) {
    List<Placed> replicas = view.replicasByShard().getOrDefault(shard, List.of());
    List<String> wanted = view.wanted(shard);
    List<Arrival> arriving = new ArrayList<>();
    for (String id : wanted) {
      Placed placed = ClusterView.at(id, replicas).orElse(null);
      if (placed == null) {
        // Of a member that does not answer nobody knows what is there.
        if (view.isUp(id)) {
          arriving.add(new Arrival(id, null));
        }
      } else if (placed.replica().getRole() == Replica.Role.LEARNER) {
        arriving.add(new Arrival(id, ClusterView.lag(placed, replicas)));
      }
    }
    List<String> leaving =
        wanted.isEmpty()
            ? List.of()
            : replicas.stream().map(Placed::memberId).filter(id -> !wanted.contains(id)).toList();
    return new ShardMove(shard, arriving, leaving);
  }

  boolean isUnderWay() {
    return !arriving.isEmpty() || !leaving.isEmpty();
  }

  /**
   * Whether a replica is seen to come or to go; false if one is only missing. What was there before
   * leaves after its successor has come, and one that comes learns first.
   */
  boolean hasBegun() {
    return !leaving.isEmpty() || arriving.stream().anyMatch(arrival -> arrival.behind() != null);
  }

  boolean isArriving(String memberId) {
    return arriving.stream().anyMatch(arrival -> arrival.memberId().equals(memberId));
  }

  String text() {
    return text(arriving.stream().map(Arrival::text).collect(Collectors.joining(", ")));
  }

  /** Without the numbers that change with every message. */
  String shape() {
    return text(
        arriving.stream()
            .map(arrival -> arrival.memberId() + (arrival.behind() == null ? " soon" : ""))
            .collect(Collectors.joining(", ")));
  }

  private String text(String to) {
    String from = String.join(", ", leaving);
    if (from.isEmpty()) {
      return "shard " + shard + " comes to " + to;
    }
    return "shard " + shard + (to.isEmpty() ? " leaves " + from : " moves " + from + " -> " + to);
  }
}
