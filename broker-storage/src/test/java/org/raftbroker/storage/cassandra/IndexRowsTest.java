package org.raftbroker.storage.cassandra;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.raftbroker.message.Subject;

final class IndexRowsTest {
  private static final Subject ORDERS = new Subject("orders");
  private static final IndexRows.Key BUCKET = new IndexRows.Key(ORDERS, false, 1);

  private final IndexRows rows = new IndexRows();

  @Test
  void rowIsWrittenAgainOnlyForALongerLife() {
    assertThat(rows.covers(BUCKET, 10)).isFalse();

    rows.written(BUCKET, 10);

    assertThat(rows.covers(BUCKET, 10)).isTrue();
    assertThat(rows.covers(BUCKET, 11)).isFalse();
    assertThat(rows.covers(new IndexRows.Key(ORDERS, true, 1), 10)).isFalse();
    assertThat(rows.covers(new IndexRows.Key(ORDERS, false, 2), 10)).isFalse();
  }

  @Test
  void bucketThatStaysOpenCostsFewWritesAndOutlivesItsMessagesByNoMoreThanThat() {
    int writes = 0;
    long until = 0;
    for (long expiry = 1_000_000; expiry <= 1_100_000; expiry++) {
      if (!rows.covers(BUCKET, expiry)) {
        writes++;
        until = rows.life(BUCKET, expiry);
        assertThat(until).isGreaterThanOrEqualTo(expiry);
        rows.written(BUCKET, until);
      }
    }

    assertThat(writes).isLessThan(20);
    assertThat(until).isLessThanOrEqualTo(1_200_000);
  }

  @Test
  void rowThatNeverExpiresStaysSo() {
    rows.written(BUCKET, rows.life(BUCKET, 10));
    rows.written(BUCKET, rows.life(BUCKET, Lifetime.NEVER_MICROS));

    assertThat(rows.covers(BUCKET, Lifetime.NEVER_MICROS)).isTrue();
    rows.written(BUCKET, 10);
    assertThat(rows.covers(BUCKET, Lifetime.NEVER_MICROS)).isTrue();
  }

  @Test
  void memoryIsBounded() {
    for (int i = 0; i < 100_000; i++) {
      rows.written(new IndexRows.Key(ORDERS, false, i), 10);
    }

    assertThat(rows.covers(new IndexRows.Key(ORDERS, false, 0), 10)).as("forgotten").isFalse();
    assertThat(rows.covers(new IndexRows.Key(ORDERS, false, 99_999), 10)).isTrue();
  }
}
