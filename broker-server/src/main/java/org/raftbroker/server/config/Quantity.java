package org.raftbroker.server.config;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes and lengths of time as people write them: a whole number and a unit. */
final class Quantity {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,18}) ?([A-Za-z]*)");

  private static final Map<String, Long> BYTES_BY_UNIT =
      Map.of("", 1L, "B", 1L, "KiB", 1L << 10, "MiB", 1L << 20, "GiB", 1L << 30, "TiB", 1L << 40);
  private static final Map<String, Long> MILLIS_BY_UNIT =
      Map.of("ms", 1L, "s", 1_000L, "m", 60_000L, "h", 3_600_000L);

  private Quantity() {}

  /** Empty if it is not a size, or too large for a {@code long}. */
  static Optional<Long> bytes(String text) {
    return parse(text, BYTES_BY_UNIT);
  }

  /** Empty if it is not a length of time; one without a unit is not: nobody could tell which. */
  static Optional<Duration> duration(String text) {
    return parse(text, MILLIS_BY_UNIT).map(Duration::ofMillis);
  }

  static String format(long bytes) {
    for (String unit : new String[] {"TiB", "GiB", "MiB", "KiB"}) {
      long size = BYTES_BY_UNIT.getOrDefault(unit, 1L);
      if (bytes >= size && bytes % size == 0) {
        return bytes / size + unit;
      }
    }
    return Long.toString(bytes);
  }

  static String format(Duration duration) {
    long millis = duration.toMillis();
    for (String unit : new String[] {"h", "m", "s"}) {
      long size = MILLIS_BY_UNIT.getOrDefault(unit, 1L);
      if (millis >= size && millis % size == 0) {
        return millis / size + unit;
      }
    }
    return millis + "ms";
  }

  private static Optional<Long> parse(String text, Map<String, Long> sizeByUnit) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    Long size = sizeByUnit.get(matcher.group(2));
    if (size == null) {
      return Optional.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    return number > Long.MAX_VALUE / size ? Optional.empty() : Optional.of(number * size);
  }
}
