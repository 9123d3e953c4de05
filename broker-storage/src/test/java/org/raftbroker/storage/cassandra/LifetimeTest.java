package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;

final class LifetimeTest {
  private static final long NOW = Instant.parse("2026-11-28T12:00:00Z").toEpochMilli();

  @Test
  void rowIsThereAsLongAsItsMessageWhateverTheMomentOfTheWrite() {
    assertThat(Lifetime.ttlSeconds(NOW + 1, NOW)).isEqualTo(2);
    assertThat(Lifetime.ttlSeconds(NOW + 1_000, NOW)).isEqualTo(2);
    assertThat(Lifetime.ttlSeconds(NOW + 1_001, NOW)).isEqualTo(3);
    assertThat(Lifetime.ttlSeconds(NOW - 5_000, NOW)).as("at least 1").isEqualTo(1);
  }

  @Test
  void whatNeverExpiresHasNoTtl() {
    assertThat(Lifetime.ttlSeconds(0, NOW)).isZero();
    assertThat(Lifetime.expiresAtMillis(Lifetime.expiryMicros(0))).isZero();
  }

  @Test
  void lifeThatCassandraCannotSayIsNotCutShort() {
    long lastEnd = Instant.parse("2038-01-18T03:14:06Z").toEpochMilli();

    assertThat(Lifetime.ttlSeconds(lastEnd, NOW)).isPositive();
    assertThat(Lifetime.ttlSeconds(lastEnd + 1, NOW)).isZero();
    assertThat(Lifetime.ttlSeconds(lastEnd, lastEnd - 630_720_000_000L)).isZero();
    assertThat(Lifetime.ttlSeconds(lastEnd, lastEnd - 630_719_000_000L)).isEqualTo(630_719_001);
  }

  @Test
  void laterExpiryIsTheLargerNumberAndNeverTheLargest() {
    assertThat(Lifetime.expiryMicros(NOW)).isLessThan(Lifetime.expiryMicros(NOW + 1));
    assertThat(Lifetime.expiryMicros(Long.MAX_VALUE / 2)).isEqualTo(Lifetime.expiryMicros(0));
    assertThat(Lifetime.expiresAtMillis(Lifetime.expiryMicros(NOW))).isEqualTo(NOW);
  }
}
