package org.raftbroker.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class IdLedgerTest {
  private final IdLedger ledger = new IdLedger();

  @Test
  void idsInAnyOrderAreDense() {
    for (long id : new long[] {3, 1, 2, 5, 4}) {
      assertThat(ledger.acknowledge(id)).isTrue();
    }

    assertThat(ledger.gaps()).isZero();
    assertThat(ledger.highest()).isEqualTo(5);
  }

  @Test
  void idGivenTwiceIsFound() {
    ledger.acknowledge(1);

    assertThat(ledger.acknowledge(1)).isFalse();
    assertThat(ledger.acknowledge(0)).isFalse();
    assertThat(ledger.acknowledge(-7)).isFalse();
  }

  @Test
  void idsThatNobodyGotAreCounted() {
    ledger.acknowledge(2);
    ledger.acknowledge(10);

    assertThat(ledger.gaps()).isEqualTo(8);
  }

  @Test
  void gapsBeyondTheFailedMessagesAreAViolation() {
    Subjects subjects = new Subjects("test", 1);
    Meter meter = new Meter();
    subjects.acknowledge(0, 1, meter);
    subjects.acknowledge(0, 4, meter);

    subjects.checkDense(2, meter);
    assertThat(meter.violations()).isEmpty();
    subjects.checkDense(1, meter);
    assertThat(meter.violations()).containsEntry("ids skipped", 1L);
  }
}
