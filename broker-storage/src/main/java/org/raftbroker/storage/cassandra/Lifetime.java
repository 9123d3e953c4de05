package org.raftbroker.storage.cassandra;

import java.time.Instant;

/** How long Cassandra is told to keep a row. */
final class Lifetime {
  /** To Cassandra: for ever. */
  static final int NO_TTL = 0;

  /** Cassandra refuses a longer life: 20 years. */
  private static final long MAX_TTL_SECONDS = 630_720_000;

  /**
   * Before 5.0, and in 5.0 unless its {@code storage_compatibility_mode} was changed, Cassandra
   * refuses a life that ends later: it counts seconds in 32 bits. A day earlier, for its clock.
   */
  private static final long LAST_END_MILLIS = Instant.parse("2038-01-18T03:14:06Z").toEpochMilli();

  /** Later than any message expires; the write timestamp of an index row that never does. */
  static final long NEVER_MICROS = Instant.parse("9999-12-31T00:00:00Z").toEpochMilli() * 1000;

  private Lifetime() {}

  /**
   * Seconds until {@code expiresAtMillis}, so that the row is there until then: rounded up, and one
   * more because Cassandra rounds the moment of the write down.
   *
   * <p>{@link #NO_TTL} for what never expires, and for what lives longer than Cassandra can say. To
   * cut such a life short would lose a message before its time; kept, it only takes room, because
   * readers go by the time in the frame.
   *
   * @param expiresAtMillis 0: never
   */
  static int ttlSeconds(long expiresAtMillis, long nowMillis) {
    if (expiresAtMillis == 0 || expiresAtMillis > LAST_END_MILLIS) {
      return NO_TTL;
    }
    long left = Math.max(0, expiresAtMillis - nowMillis);
    long seconds = (left + 999) / 1000 + 1;
    return seconds > MAX_TTL_SECONDS ? NO_TTL : (int) seconds;
  }

  /** When a message expires, as a number that can be compared; {@link #NEVER_MICROS} if never. */
  static long expiryMicros(long expiresAtMillis) {
    return expiresAtMillis == 0 || expiresAtMillis > NEVER_MICROS / 1000
        ? NEVER_MICROS
        : expiresAtMillis * 1000;
  }

  /** The opposite of {@link #expiryMicros}. */
  static long expiresAtMillis(long expiryMicros) {
    return expiryMicros == NEVER_MICROS ? 0 : expiryMicros / 1000;
  }
}
