package org.raftbroker.raft.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.raftbroker.raft.placement.ClusterMember.State;

class PlacementTest {
  @Test
  void eachShardGetsAsManyReplicasAsWantedAndALeaderOfItsOwn() {
    ClusterMap map = placed(clusterOf(3, 3, 3));

    assertThat(map.placements()).allSatisfy(p -> assertThat(p).hasSize(3).doesNotHaveDuplicates());
    assertThat(leads(map)).containsExactlyInAnyOrderEntriesOf(Map.of("n1", 1, "n2", 1, "n3", 1));
  }

  @Test
  void fewerMembersThanReplicasAllHaveOne() {
    assertThat(placed(clusterOf(2, 4, 3)).placements())
        .allSatisfy(p -> assertThat(p).containsExactlyInAnyOrder("n1", "n2"));
  }

  @Test
  void withoutActiveMembersNothingMoves() {
    ClusterMap map = placed(clusterOf(1, 2, 3));

    ClusterMap drained = map.withMember(member("n1").withState(State.DRAINING));

    assertThat(Placement.of(drained)).isEqualTo(map.placements());
  }

  @Test
  void aFourthMemberTakesItsShareAndNothingElseMoves() {
    ClusterMap before = placed(clusterOf(3, 24, 3));

    ClusterMap after = placed(before.withMember(member("n4")));

    assertThat(moved(before, after)).isEqualTo(18); // 72 replicas over 4 members
    assertBalanced(after);
  }

  @Test
  void aMemberThatDrainsIsLeftByAllAndHardlyMoreThanItsReplicasMove() {
    ClusterMap before = placed(clusterOf(5, 24, 3));
    int there = loads(before).getOrDefault("n2", 0);

    ClusterMap after = placed(before.withMember(member("n2").withState(State.DRAINING)));

    assertThat(after.isUsed("n2")).isFalse();
    assertThat(moved(before, after)).isBetween(there, there + 2);
    assertBalanced(after);
  }

  @Test
  void whatIsPlacedWellStays() {
    ClusterMap map = placed(clusterOf(7, 64, 3));

    assertThat(placed(map)).isEqualTo(map);
  }

  @Test
  void throughAnyHistoryOfMembersEverythingStaysBalancedAndSettles() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      int shards = 1 + random.nextInt(30);
      ClusterMap map = placed(clusterOf(1 + random.nextInt(6), shards, 1 + random.nextInt(5)));
      for (int step = 0; step < 8; step++) {
        map = placed(changed(map, random));
        String story = "seed " + seed + ", round " + round + ", step " + step + ": " + map;
        assertBalanced(map);
        assertThat(placed(map)).as(story).isEqualTo(map);
        int wanted = Math.min(map.replicas(), map.activeMembers().size());
        for (List<String> placement : map.placements()) {
          assertThat(placement).as(story).hasSize(wanted).doesNotHaveDuplicates();
          assertThat(map.activeMembers()).as(story).containsAll(placement);
        }
      }
    }
  }

  private static ClusterMap changed(ClusterMap map, Random random) {
    List<String> active = new ArrayList<>(map.activeMembers());
    int choice = random.nextInt(3);
    if (choice == 0 || active.size() < 2) {
      return map.withMember(member("n" + (10 + random.nextInt(1000))));
    }
    String victim = active.get(random.nextInt(active.size()));
    ClusterMember drained = member(victim).withState(State.DRAINING);
    return choice == 1 ? map.withMember(drained) : map.withMember(drained).withoutMember(victim);
  }

  private static void assertBalanced(ClusterMap map) {
    Map<String, Integer> loads = loads(map);
    assertThat(Collections.max(loads.values()) - Collections.min(loads.values()))
        .as("replicas %s", loads)
        .isLessThanOrEqualTo(1);
    Map<String, Integer> leads = leads(map);
    if (map.replicas() >= 3 || map.activeMembers().size() <= map.replicas()) {
      assertThat(Collections.max(leads.values()) - Collections.min(leads.values()))
          .as("leaders %s of %s", leads, map)
          .isLessThanOrEqualTo(1);
    }
  }

  private static int moved(ClusterMap before, ClusterMap after) {
    int moved = 0;
    for (int shard = 0; shard < before.placements().size(); shard++) {
      var added = new HashSet<>(after.placement(shard));
      added.removeAll(before.placement(shard));
      moved += added.size();
    }
    return moved;
  }

  private static Map<String, Integer> loads(ClusterMap map) {
    Map<String, Integer> loads = new TreeMap<>();
    map.activeMembers().forEach(id -> loads.put(id, 0));
    map.placements().forEach(p -> p.forEach(id -> loads.merge(id, 1, Integer::sum)));
    return loads;
  }

  private static Map<String, Integer> leads(ClusterMap map) {
    Map<String, Integer> leads = new TreeMap<>();
    map.activeMembers().forEach(id -> leads.put(id, 0));
    map.placements().forEach(p -> leads.merge(p.get(0), 1, Integer::sum));
    return leads;
  }

  private static ClusterMap placed(ClusterMap map) {
    return map.withPlacements(Placement.of(map));
  }

  private static ClusterMap clusterOf(int members, int shards, int replicas) {
    return ClusterMap.of(
        replicas,
        shards,
        IntStream.rangeClosed(1, members).mapToObj(i -> member("n" + i)).toList());
  }

  private static ClusterMember member(String id) {
    return new ClusterMember(id, id + ":1", id + ":2", id + ":3", "disk-" + id, State.ACTIVE);
  }
}
