package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CatchUpPaceTest {
  private static final long BYTES_PER_SECOND = 10_000;

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5); // clocks may overflow
  private final CatchUpPace pace = new CatchUpPace(BYTES_PER_SECOND, group -> true, nanos::get);

  @Test
  void eachWaitsUntilWhatCameBeforeHasHadItsTime() {
    assertThat(millisToWait(10_000)).isZero();
    assertThat(millisToWait(5_000)).isEqualTo(1_000);
    assertThat(millisToWait(1)).isEqualTo(1_500);
  }

  @Test
  void timeThatNobodyUsedIsNotSavedUp() {
    assertThat(millisToWait(1_000)).isZero();
    nanos.addAndGet(TimeUnit.HOURS.toNanos(1));

    assertThat(millisToWait(20_000)).isZero();
    assertThat(millisToWait(1)).isEqualTo(2_000);
  }

  private long millisToWait(int bytes) {
    return TimeUnit.NANOSECONDS.toMillis(pace.nanosToWait(bytes));
  }
}
