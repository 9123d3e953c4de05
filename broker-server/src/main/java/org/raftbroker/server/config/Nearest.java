package org.raftbroker.server.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/** What somebody most likely meant to type. */
final class Nearest {
  private Nearest() {}

  /** The candidate that is at most a third of its letters away; empty if none is. */
  static Optional<String> to(String typed, Collection<String> candidates) {
    String from = letters(typed);
    return candidates.stream()
        .filter(candidate -> distance(from, letters(candidate)) <= letters(candidate).length() / 3)
        .min(
            Comparator.comparingInt((String candidate) -> distance(from, letters(candidate)))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** Whether the two differ at most in case and in the marks between words. */
  static boolean isSame(String typed, String candidate) {
    return letters(typed).equals(letters(candidate));
  }

  private static String letters(String name) {
    return name.replaceAll("[-_. ]", "").toLowerCase(Locale.ROOT);
  }

  /** Levenshtein's: how many letters to insert, drop or replace; two swapped ones count as one. */
  static int distance(String from, String to) {
    int[] beforeLast = new int[to.length() + 1];
    int[] last = new int[to.length() + 1];
    int[] current = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      last[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      current[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = last[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(replaced, 1 + Math.min(last[j], current[j - 1]));
        if (i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1)) {
          current[j] = Math.min(current[j], 1 + beforeLast[j - 2]);
        }
      }
      int[] spare = beforeLast;
      beforeLast = last;
      last = current;
      current = spare;
    }
    return last[to.length()];
  }
}
