package org.raftbroker.raft.placement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;
import org.raftbroker.raft.placement.ClusterMember.State;

class RebalanceTest {
  private static final Rebalance.Settled ALL = shard -> true;
  private static final Rebalance.Settled NONE = shard -> false;

  @Test
  void aBalancedMapStays() {
    ClusterMap map = placed(3, 6);

    assertThat(Rebalance.next(map, 1, NONE)).isEqualTo(map);
  }

  @Test
  void oneShardMovesAtATime() {
    ClusterMap map = placed(3, 6).withMember(member("n4"));

    ClusterMap first = Rebalance.next(map, 1, ALL);

    assertThat(changed(map, first)).hasSize(1);
    int moving = changed(map, first).iterator().next();
    assertThat(Rebalance.next(first, 1, shard -> shard != moving)).isEqualTo(first);
    assertThat(changed(first, Rebalance.next(first, 1, ALL))).hasSize(1);
    assertThat(changed(first, Rebalance.next(first, 3, shard -> shard != moving))).hasSize(2);
  }

  @Test
  void whileItIsPausedNothingMoves() {
    ClusterMap map = placed(3, 6).withMember(member("n4")).withPaused(true);

    assertThat(Rebalance.next(map, 9, ALL)).isEqualTo(map);
  }

  @Test
  void aShardWhoseNewMemberIsGivenUpGetsAnotherAimThoughItNeverSettles() {
    ClusterMap map = placed(3, 6).withMember(member("n4"));
    ClusterMap moving = Rebalance.next(map, 1, ALL);
    int shard = changed(map, moving).iterator().next();

    ClusterMap again =
        Rebalance.next(
            moving.withMember(member("n4").withState(State.DRAINING)), 1, s -> s != shard);

    assertThat(again.isPlacedOn(shard, "n4")).isFalse();
  }

  @Test
  void aMemberThatLeavesIsForgottenWhenNothingCountsOnItAnyMore() {
    ClusterMap map = placed(4, 6).withMember(member("n2").withState(State.LEAVING));
    for (int step = 0; step < 20 && map.isUsed("n2"); step++) {
      map = Rebalance.next(map, 1, ALL);
    }

    assertThat(map.isUsed("n2")).isFalse();
    assertThat(Rebalance.next(map, 1, shard -> shard != 3).member("n2")).isNotNull();
    assertThat(Rebalance.next(map, 1, ALL).member("n2")).isNull();
  }

  @Test
  void whoeverDrivesAndWheneverHeIsReplacedItEnds() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int round = 0; round < 100; round++) {
      ClusterMap map = placed(1 + random.nextInt(5), 1 + random.nextInt(20));
      map = map.withMember(member("n8")).withMember(member("n9"));
      String victim = map.activeMembers().get(random.nextInt(map.activeMembers().size()));
      map = map.withMember(member(victim).withState(State.LEAVING));
      int steps = 0;
      for (ClusterMap next = Rebalance.next(map, 2, s -> random.nextInt(10) > 0);
          steps < 1000 && map.member(victim) != null;
          next = Rebalance.next(map, 2, s -> random.nextInt(10) > 0)) {
        map = next;
        steps++;
      }
      assertThat(map.member(victim)).as("seed %d, round %d: %s", seed, round, map).isNull();
      assertThat(Rebalance.misplaced(map)).isEmpty();
    }
  }

  @Test
  void changesThatMakeNoSenseAreRefusedAndSayWhy() {
    ClusterMap map = placed(4, 4);
    String there = map.placement(0).get(1);
    String elsewhere =
        map.activeMembers().stream().filter(id -> !map.isPlacedOn(0, id)).findFirst().orElseThrow();

    assertRefused(new ClusterChange.Drain("n7"), map, Reason.MEMBER_UNKNOWN, "n1, n2, n3, n4");
    assertRefused(new ClusterChange.Move(9, there, elsewhere), map, Reason.SHARD_INVALID, "0 to 3");
    assertRefused(
        new ClusterChange.Move(0, elsewhere, there), map, Reason.MOVE_REFUSED, "its replicas are");
    assertRefused(
        new ClusterChange.Move(0, there, elsewhere),
        map.withMember(member(elsewhere).withState(State.DRAINING)),
        Reason.MOVE_REFUSED,
        "activate it first");
    assertRefused(new ClusterChange.Move(0, there, elsewhere), map, Reason.MOVE_REFUSED, "pause");
    assertRefused(new ClusterChange.Drain("n1"), placed(1, 2), Reason.MOVE_REFUSED, "last member");
  }

  @Test
  void whileItIsPausedAReplicaGoesWhereItIsSent() {
    ClusterMap map = new ClusterChange.Pause(true).appliedTo(placed(4, 4));
    String there = map.placement(0).get(1);
    String elsewhere =
        map.activeMembers().stream().filter(id -> !map.isPlacedOn(0, id)).findFirst().orElseThrow();

    ClusterMap moved = new ClusterChange.Move(0, there, elsewhere).appliedTo(map);

    assertThat(moved.placement(0)).contains(elsewhere).doesNotContain(there).hasSize(3);
  }

  private static void assertRefused(
      ClusterChange change, ClusterMap map, Reason reason, String text) {
    assertThatThrownBy(() -> change.appliedTo(map))
        .isInstanceOfSatisfying(
            BrokerException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(text);
  }

  private static Set<Integer> changed(ClusterMap before, ClusterMap after) {
    Set<Integer> changed = new HashSet<>();
    for (int shard = 0; shard < before.placements().size(); shard++) {
      if (!Set.copyOf(before.placement(shard)).equals(Set.copyOf(after.placement(shard)))) {
        changed.add(shard);
      }
    }
    return changed;
  }

  private static ClusterMap placed(int members, int shards) {
    List<ClusterMember> all =
        IntStream.rangeClosed(1, members).mapToObj(i -> member("n" + i)).toList();
    ClusterMap map = ClusterMap.of(3, shards, all);
    return map.withPlacements(Placement.of(map));
  }

  private static ClusterMember member(String id) {
    return new ClusterMember(id, id + ":1", id + ":2", id + ":3", "disk", State.ACTIVE);
  }
}
