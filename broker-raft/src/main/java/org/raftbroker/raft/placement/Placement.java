package org.raftbroker.raft.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Where the replicas of all shards should be. Pure: the same map gives the same answer on every
 * node.
 *
 * <p>Of any two active members neither has more than one replica more than the other, nor is to
 * lead more than one shard more where replicas allow it; of what is placed already no more moves
 * than that takes. One object makes one placement.
 */
public final class Placement {
  private final SortedMap<String, Integer> loadByMember = new TreeMap<>();
  private final int replicas;
  private final List<List<String>> placements = new ArrayList<>();
  private final List<String> leaders = new ArrayList<>();

  private Placement(ClusterMap map, List<String> active) {
    active.forEach(id -> loadByMember.put(id, 0));
    this.replicas = Math.min(map.replicas(), active.size());
    for (List<String> before : map.placements()) {
      List<String> kept = new ArrayList<>(before);
      kept.removeIf(id -> !loadByMember.containsKey(id));
      placements.add(kept);
      kept.forEach(id -> loadByMember.merge(id, 1, Integer::sum));
      // Empty: whoever was to lead is not active any more, or there was nobody.
      leaders.add(before.isEmpty() || !kept.contains(before.get(0)) ? "" : before.get(0));
    }
  }

  /**
   * The placements that a cluster map should have. Without active members they stay as they are:
   * there is nowhere to go.
   */
  public static List<List<String>> of(ClusterMap map) {
    List<String> active = map.activeMembers();
    if (active.isEmpty()) {
      return map.placements();
    }
    return new Placement(map, active).make();
  }

  private List<List<String>> make() {
    placements.forEach(this::shrink);
    placements.forEach(this::fill);
    balanceReplicas();
    chooseMissingLeaders();
    balanceLeaders();
    List<List<String>> made = new ArrayList<>();
    for (int shard = 0; shard < placements.size(); shard++) {
      made.add(ordered(leaders.get(shard), placements.get(shard)));
    }
    return made;
  }

  /** The leader first; the others by id, so that no order among them is ever taken for a change. */
  private static List<String> ordered(String leader, List<String> placement) {
    List<String> ordered = new ArrayList<>(placement);
    Collections.sort(ordered);
    ordered.remove(leader);
    ordered.add(0, leader);
    return ordered;
  }

  private void shrink(List<String> placement) {
    while (placement.size() > replicas) {
      String most = Collections.max(placement, byLoad().thenComparing(Comparator.naturalOrder()));
      placement.remove(most);
      loadByMember.merge(most, -1, Integer::sum);
    }
  }

  private void fill(List<String> placement) {
    while (placement.size() < replicas) {
      String least =
          loadByMember.keySet().stream()
              .filter(id -> !placement.contains(id))
              .min(byLoad())
              .orElseThrow();
      placement.add(least);
      loadByMember.merge(least, 1, Integer::sum);
    }
  }

  private void balanceReplicas() {
    while (true) {
      String most = Collections.max(loadByMember.keySet(), byLoad());
      String least = Collections.min(loadByMember.keySet(), byLoad());
      if (load(most) - load(least) <= 1) {
        return;
      }
      // The fuller one has more shards than the emptier one, so there is one to move. If there is
      // a choice, not one that it is to lead.
      int shard =
          indexOf(most, least, true) >= 0
              ? indexOf(most, least, true)
              : indexOf(most, least, false);
      placements.get(shard).set(placements.get(shard).indexOf(most), least);
      loadByMember.merge(most, -1, Integer::sum);
      loadByMember.merge(least, 1, Integer::sum);
    }
  }

  private int indexOf(String on, String notOn, boolean onlyFollowers) {
    for (int shard = 0; shard < placements.size(); shard++) {
      List<String> placement = placements.get(shard);
      if (placement.contains(on)
          && !placement.contains(notOn)
          && !(onlyFollowers && leaders.get(shard).equals(on))) {
        return shard;
      }
    }
    return -1;
  }

  private void chooseMissingLeaders() {
    Map<String, Integer> leads = leads();
    for (int shard = 0; shard < placements.size(); shard++) {
      List<String> placement = placements.get(shard);
      if (!placement.contains(leaders.get(shard))) {
        leads.merge(leaders.get(shard), -1, Integer::sum);
        String chosen =
            Collections.min(
                placement,
                Comparator.<String>comparingInt(id -> leads.getOrDefault(id, 0))
                    .thenComparing(Comparator.naturalOrder()));
        leaders.set(shard, chosen);
        leads.merge(chosen, 1, Integer::sum);
      }
    }
  }

  /** Shifts leadership along a chain of shards, as long as that takes one from a fuller member. */
  private void balanceLeaders() {
    boolean shifted = true;
    while (shifted) {
      shifted = false;
      Map<String, Integer> leads = leads();
      List<String> fullestFirst = new ArrayList<>(loadByMember.keySet());
      fullestFirst.sort(
          Comparator.<String>comparingInt(id -> -leads.getOrDefault(id, 0))
              .thenComparing(Comparator.naturalOrder()));
      for (String from : fullestFirst) {
        if (shiftFrom(from, leads)) {
          shifted = true;
          break;
        }
      }
    }
  }

  /** Breadth first, so that as few shards as possible change their leader. */
  private boolean shiftFrom(String from, Map<String, Integer> leads) {
    Map<String, @Nullable Integer> shardThatLedThere = new HashMap<>();
    Map<String, String> memberBefore = new HashMap<>();
    Deque<String> reached = new ArrayDeque<>(List.of(from));
    shardThatLedThere.put(from, null);
    while (!reached.isEmpty()) {
      String member = reached.remove();
      if (leads.getOrDefault(from, 0) - leads.getOrDefault(member, 0) > 1) {
        shift(member, shardThatLedThere, memberBefore);
        return true;
      }
      for (int shard = 0; shard < placements.size(); shard++) {
        if (!leaders.get(shard).equals(member)) {
          continue;
        }
        for (String next : placements.get(shard).stream().sorted().toList()) {
          if (!shardThatLedThere.containsKey(next)) {
            shardThatLedThere.put(next, shard);
            memberBefore.put(next, member);
            reached.add(next);
          }
        }
      }
    }
    return false;
  }

  private void shift(
      String to, Map<String, @Nullable Integer> shardThatLedThere, Map<String, String> before) {
    String member = to;
    for (Integer shard = shardThatLedThere.get(member);
        shard != null;
        shard = shardThatLedThere.get(member)) {
      leaders.set(shard, member);
      member = before.getOrDefault(member, member);
    }
  }

  private Map<String, Integer> leads() {
    Map<String, Integer> leads = new HashMap<>();
    leaders.forEach(id -> leads.merge(id, 1, Integer::sum));
    return leads;
  }

  private int load(String id) {
    return loadByMember.getOrDefault(id, 0);
  }

  private Comparator<String> byLoad() {
    return Comparator.comparingInt(this::load);
  }
}
