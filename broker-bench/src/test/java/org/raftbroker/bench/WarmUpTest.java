package org.raftbroker.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class WarmUpTest {
  @Test
  void endsWhenTheRateIsSteady() {
    assertThat(WarmUp.UNTIL_STEADY.isEnough(seconds(39, second -> 1_000))).isFalse();
    assertThat(WarmUp.UNTIL_STEADY.isEnough(seconds(40, second -> 1_000))).isTrue();
  }

  @Test
  void goesOnWhileTheRateRises() {
    assertThat(WarmUp.UNTIL_STEADY.isEnough(seconds(60, second -> 1_000 + 20 * second))).isFalse();
    assertThat(
            WarmUp.UNTIL_STEADY.isEnough(
                seconds(120, second -> Math.min(2_000, 1_000 + 20 * second))))
        .isTrue();
  }

  @Test
  void aWarmUpOfGivenLengthIsNotCutShort() {
    assertThat(WarmUp.of(Duration.ofSeconds(60)).isEnough(seconds(59, second -> 1_000))).isFalse();
  }

  @Test
  void cannotBeNegative() {
    assertThatThrownBy(() -> WarmUp.of(Duration.ofSeconds(-1)))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("--warm-up");
  }

  private static List<Long> seconds(int count, LongUnaryOperator rate) {
    return LongStream.range(0, count).map(rate).boxed().toList();
  }
}
