package org.raftbroker.raft.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class InitialPlacementTest {
  @Test
  void eachShardBeginsOneMemberAfterTheOneBefore() {
    List<List<String>> placed = InitialPlacement.of(List.of("n3", "n1", "n4", "n2"), 5, 3);

    assertThat(placed)
        .containsExactly(
            List.of("n1", "n2", "n3"),
            List.of("n2", "n3", "n4"),
            List.of("n3", "n4", "n1"),
            List.of("n4", "n1", "n2"),
            List.of("n1", "n2", "n3"));
  }

  @Test
  void fewMembersHaveReplicasOfEverything() {
    assertThat(InitialPlacement.of(List.of("b", "a"), 2, 7))
        .containsExactly(List.of("a", "b"), List.of("b", "a"));
  }
}
