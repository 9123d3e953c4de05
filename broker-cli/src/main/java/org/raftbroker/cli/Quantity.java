package org.raftbroker.cli;

import java.util.List;
import java.util.Locale;

/** How much there is of something, as people read it. */
final class Quantity {
  /** Each is 1024 times the one before it. */
  private static final List<String> SIZE_UNITS = List.of("B", "KiB", "MiB", "GiB", "TiB");

  private Quantity() {}

  static String count(long number, String noun) {
    return number + " " + noun + (number == 1 ? "" : "s");
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
}
