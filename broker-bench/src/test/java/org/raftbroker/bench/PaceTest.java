package org.raftbroker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long START = 1_000;

  @Test
  void closedLoopIsAlwaysDue() {
    Pace pace = Pace.of(0, START);

    assertThat(pace.untilNext(START + 5)).isZero();
    assertThat(pace.take(START + 5)).isEqualTo(START + 5);
    assertThat(pace.untilNext(START + 5)).isZero();
  }

  @Test
  void openLoopKeepsItsIntervals() {
    Pace pace = Pace.of(1_000, START);

    assertThat(pace.take(START)).isEqualTo(START);
    assertThat(pace.untilNext(START)).isEqualTo(1_000_000);
    assertThat(pace.untilNext(START + 400_000)).isEqualTo(600_000);
  }

  @Test
  void openLoopCountsFromWhenAMessageWasToBeSent() {
    Pace pace = Pace.of(1_000, START);
    long late = START + 3_500_000;

    assertThat(pace.untilNext(late)).isNegative();
    assertThat(pace.take(late)).isEqualTo(START);
    assertThat(pace.take(late)).isEqualTo(START + 1_000_000);
    assertThat(pace.take(late)).isEqualTo(START + 2_000_000);
    assertThat(pace.take(late)).isEqualTo(START + 3_000_000);
    assertThat(pace.untilNext(late)).isEqualTo(500_000);
  }
}
