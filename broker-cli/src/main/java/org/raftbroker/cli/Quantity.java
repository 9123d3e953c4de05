package org.raftbroker.cli;

import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** How much there is of something, as people read it. */
final class Quantity {
  /** Each is 1024 times the one before it. */
  static final List<String> SIZE_UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB");

  private static final long MINUTE = TimeUnit.MINUTES.toSeconds(1);
  private static final long HOUR = TimeUnit.HOURS.toSeconds(1);
  private static final long DAY = TimeUnit.DAYS.toSeconds(1);

  private Quantity() {}

  static String count(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
  }

  static String entries(long number) {
    return number + (number == 1 ? " entry" : " entries");
  }

  /** Rounded, to get an idea: {@code 5.6 MiB}. */
  static String size(long bytes) {
    double size = bytes;
    int unit = 0;
    while (size >= 1024 && unit < SIZE_UNITS.size() - 1) {
      size /= 1024;
      unit++;
    }
    return String.format(
        Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", size, SIZE_UNITS.get(unit));
  }

  /** Not rounded, so that {@link SizeConverter} reads the same again: {@code 64KiB}. */
  static String exactSize(long bytes) {
    long size = bytes;
    int unit = 0;
    while (size != 0 && size % 1024 == 0 && unit < SIZE_UNITS.size() - 1) {
      size /= 1024;
      unit++;
    }
    return unit == 0 ? Long.toString(size) : size + SIZE_UNITS.get(unit);
  }

  /** Not rounded, so that {@link DurationConverter} reads the same again: {@code 36h}. */
  static String exactDuration(long seconds) {
    if (seconds % DAY == 0) {
      return seconds / DAY + "d";
    }
    if (seconds % HOUR == 0) {
      return seconds / HOUR + "h";
    }
    return seconds % MINUTE == 0 ? seconds / MINUTE + "m" : seconds + "s";
  }
}
