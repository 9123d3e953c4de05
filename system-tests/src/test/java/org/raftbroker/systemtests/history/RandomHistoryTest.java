package org.raftbroker.systemtests.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The checker neither cries wolf nor sleeps, on many histories. */
class RandomHistoryTest {
  private static final int STEPS = 60;
  private static final int SEEDS = 200;

  @RepeatedTest(SEEDS)
  void historyOfAFaultlessBrokerHasNoFindings(RepetitionInfo repetition) {
    long seed = repetition.getCurrentRepetition();

    Verdict verdict = HistoryChecker.check(new RandomHistory(new Random(seed), STEPS).history());

    assertThat(verdict.findings()).as("seed %d", seed).isEmpty();
    assertThat(verdict.acknowledged()).as("seed %d", seed).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void everySingleBreachIsFound(Mutation mutation) {
    int broken = 0;
    for (long seed = 1; seed <= SEEDS; seed++) {
      Random random = new Random(seed);
      RandomHistory history = new RandomHistory(random, STEPS);
      if (!mutation.apply(history, random)) {
        continue;
      }
      broken++;

      Verdict verdict = HistoryChecker.check(history.history());

      assertThat(verdict.countByKind())
          .as("seed %d: %s", seed, verdict)
          .containsKey(mutation.finding());
    }
    assertThat(broken).as("histories that could be broken in this way").isGreaterThan(SEEDS / 10);
  }
}
