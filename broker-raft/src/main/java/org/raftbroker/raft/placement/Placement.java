package org.raftbroker.raft.placement;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeSet;
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
  private final Map<String, Integer> loadByMember = new HashMap<>();

  // The same, the emptiest first, and of equals the one with the first id.
  private final NavigableSet<Load> loads =
      new TreeSet<>(Comparator.comparingInt(Load::replicas).thenComparing(Load::member));
  private final Map<String, NavigableSet<Integer>> shardsByMember = new HashMap<>();
  private final int replicas;
  private final List<List<String>> placements = new ArrayList<>();
  private final List<String> leaders = new ArrayList<>();

  private record Load(int replicas, String member) {}

  private Placement(ClusterMap map, List<String> active) {
    for (String id : active) {
      loadByMember.put(id, 0);
      loads.add(new Load(0, id));
      shardsByMember.put(id, new TreeSet<>());
    }
    this.replicas = Math.min(map.replicas(), active.size());
    for (List<String> before : map.placements()) {
      List<String> kept = new ArrayList<>(before);
      kept.removeIf(id -> !loadByMember.containsKey(id));
      int shard = placements.size();
      placements.add(kept);
      kept.forEach(id -> count(shard, id));
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
    for (int shard = 0; shard < placements.size(); shard++) {
      shrink(shard);
    }
    for (int shard = 0; shard < placements.size(); shard++) {
      fill(shard);
    }
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

  private void shrink(int shard) {
    List<String> placement = placements.get(shard);
    while (placement.size() > replicas) {
      String most = Collections.max(placement, byLoad().thenComparing(Comparator.naturalOrder()));
      placement.remove(most);
      discount(shard, most);
    }
  }

  private void fill(int shard) {
    List<String> placement = placements.get(shard);
    while (placement.size() < replicas) {
      String least =
          loads.stream()
              .map(Load::member)
              .filter(id -> !placement.contains(id))
              .findFirst()
              .orElseThrow();
      placement.add(least);
      count(shard, least);
    }
  }

  private void balanceReplicas() {
    while (true) {
      Load least = loads.first();
      int highest = loads.last().replicas;
      if (highest - least.replicas <= 1) {
        return;
      }
      String most = loads.tailSet(new Load(highest, "")).first().member;
      // The fuller one has more shards than the emptier one, so there is one to move. If there is
      // a choice, not one that it is to lead.
      int follower = indexOf(most, least.member, true);
      int shard = follower >= 0 ? follower : indexOf(most, least.member, false);
      placements.get(shard).set(placements.get(shard).indexOf(most), least.member);
      discount(shard, most);
      count(shard, least.member);
    }
  }

  private int indexOf(String on, String notOn, boolean onlyFollowers) {
    for (int shard : shardsOf(on)) {
      if (!placements.get(shard).contains(notOn)
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
      Map<String, List<Integer>> shardsByLeader = shardsByLeader();
      List<String> fullestFirst = new ArrayList<>(loadByMember.keySet());
      fullestFirst.sort(
          Comparator.<String>comparingInt(id -> -led(shardsByLeader, id).size())
              .thenComparing(Comparator.naturalOrder()));
      int fewest = led(shardsByLeader, fullestFirst.get(fullestFirst.size() - 1)).size();
      for (String from : fullestFirst) {
        if (led(shardsByLeader, from).size() - fewest <= 1) {
          return; // from here on there is nobody to take one
        }
        if (shiftFrom(from, shardsByLeader)) {
          shifted = true;
          break;
        }
      }
    }
  }

  /** Breadth first, so that as few shards as possible change their leader. */
  private boolean shiftFrom(String from, Map<String, List<Integer>> shardsByLeader) {
    Map<String, @Nullable Integer> shardThatLedThere = new HashMap<>();
    Map<String, String> memberBefore = new HashMap<>();
    Deque<String> reached = new ArrayDeque<>(List.of(from));
    shardThatLedThere.put(from, null);
    while (!reached.isEmpty()) {
      String member = reached.remove();
      List<Integer> led = led(shardsByLeader, member);
      if (led(shardsByLeader, from).size() - led.size() > 1) {
        shift(member, shardThatLedThere, memberBefore);
        return true;
      }
      for (int shard : led) {
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

  private Map<String, List<Integer>> shardsByLeader() {
    Map<String, List<Integer>> shards = new HashMap<>();
    for (int shard = 0; shard < leaders.size(); shard++) {
      shards.computeIfAbsent(leaders.get(shard), id -> new ArrayList<>()).add(shard);
    }
    return shards;
  }

  private static List<Integer> led(Map<String, List<Integer>> shardsByLeader, String id) {
    return shardsByLeader.getOrDefault(id, List.of());
  }

  private void count(int shard, String id) {
    changeLoad(id, 1);
    shardsOf(id).add(shard);
  }

  private void discount(int shard, String id) {
    changeLoad(id, -1);
    shardsOf(id).remove(shard);
  }

  private void changeLoad(String id, int by) {
    int before = load(id);
    loads.remove(new Load(before, id));
    loads.add(new Load(before + by, id));
    loadByMember.put(id, before + by);
  }

  private NavigableSet<Integer> shardsOf(String id) {
    return Objects.requireNonNull(shardsByMember.get(id), id);
  }

  private int load(String id) {
    return loadByMember.getOrDefault(id, 0);
  }

  private Comparator<String> byLoad() {
    return Comparator.comparingInt(this::load);
  }
}
