package org.raftbroker.raft.placement;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlacementSimulationTest {
  /** It takes milliseconds; the driver looks every second, and machines that test are busy. */
  private static final Duration BOUND = Duration.ofSeconds(10);

  @ParameterizedTest
  @CsvSource({"3, 64", "10, 24", "100, 64", "192, 64", "300, 64", "10, 4096", "1000, 4096"})
  void noMoreMovesThanBalanceTakesAtAnySize(int nodes, int shards) {
    PlacementSimulation.Outcome outcome = PlacementSimulation.run(nodes, shards);

    assertEven(outcome.spread());
    for (PlacementSimulation.Change change : List.of(outcome.added(), outcome.removed())) {
      assertEven(change.spread());
      assertThat(change.moves()).isBetween(change.ideal(), change.ideal() + 2);
      assertThat(change.time()).isLessThan(BOUND);
    }
    assertThat(outcome.first()).isLessThan(BOUND);
  }

  private static void assertEven(PlacementSimulation.Spread spread) {
    assertThat(spread.replicas()).as("replicas").isLessThanOrEqualTo(1);
    assertThat(spread.leaders()).as("leaders").isLessThanOrEqualTo(1);
  }
}
