package org.raftbroker.raft.placement;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * The way from the placement that there is to the one that should be, one change of the cluster map
 * at a time. Pure.
 *
 * <p>Who is to lead changes at once, because that moves no data; of replicas only so many are on
 * the move at a time. Whoever takes over from one who stopped in between finds all that he needs in
 * the map and in the groups themselves.
 */
public final class Rebalance {
  private Rebalance() {}

  /** What one who decides has to find out about a shard. */
  @FunctionalInterface
  public interface Settled {
    /** Whether exactly the members that the map names have a replica that votes. */
    boolean isSettled(int shard);
  }

  /**
   * The map after the next change; the same if there is nothing to change, or not yet.
   *
   * @param settled is asked only where it matters
   */
  public static ClusterMap next(ClusterMap map, int maxMoves, Settled settled) {
    if (map.paused()) {
      return map;
    }
    List<List<String>> wanted = Placement.of(map);
    List<List<String>> placements = new ArrayList<>(map.placements());
    boolean allThere = true;
    for (int shard = 0; shard < wanted.size(); shard++) {
      if (sameMembers(map.placement(shard), wanted.get(shard))) {
        placements.set(shard, wanted.get(shard));
      } else {
        allThere = false;
      }
    }
    if (allThere) {
      return withoutWhoLeft(map.withPlacements(placements), settled);
    }
    Set<Integer> moving = new HashSet<>();
    for (int shard = 0; shard < wanted.size(); shard++) {
      if (!map.placement(shard).isEmpty() && !settled.isSettled(shard)) {
        moving.add(shard);
      }
    }
    for (int shard = 0; shard < wanted.size(); shard++) {
      if (!sameMembers(map.placement(shard), wanted.get(shard))) {
        // One that is on the move may get another aim: its first one may have died.
        if (moving.size() < maxMoves || moving.contains(shard)) {
          placements.set(shard, wanted.get(shard));
          moving.add(shard);
        }
      }
    }
    return map.withPlacements(placements);
  }

  private static ClusterMap withoutWhoLeft(ClusterMap map, Settled settled) {
    Set<String> leaving = new TreeSet<>();
    for (ClusterMember member : map.members().values()) {
      if (member.state() == ClusterMember.State.LEAVING && !map.isUsed(member.id())) {
        leaving.add(member.id());
      }
    }
    if (leaving.isEmpty()) {
      return map;
    }
    for (int shard = 0; shard < map.placements().size(); shard++) {
      if (!settled.isSettled(shard)) {
        return map; // it may still count on one of them
      }
    }
    ClusterMap changed = map;
    for (String id : leaving) {
      changed = changed.withoutMember(id);
    }
    return changed;
  }

  /** Shards whose replicas are not on the members that they should be on, rising. */
  public static List<Integer> misplaced(ClusterMap map) {
    List<List<String>> wanted = Placement.of(map);
    return IntStream.range(0, wanted.size())
        .filter(shard -> !sameMembers(map.placement(shard), wanted.get(shard)))
        .boxed()
        .toList();
  }

  private static boolean sameMembers(List<String> one, List<String> other) {
    return one.size() == other.size() && new HashSet<>(one).equals(new HashSet<>(other));
  }
}
