package org.raftbroker.cli;

import java.util.Arrays;

/** How far a typed word is from a known one. */
final class Strokes {
  private Strokes() {}

  /**
   * Returns how many letters have to be put in, taken out or replaced (Levenshtein's distance).
   *
   * @param typed what is there
   * @param known what it is to become
   */
  static int between(String typed, String known) {
    int[] above = new int[known.length() + 1];
    Arrays.setAll(above, column -> column);
    for (int row = 1; row <= typed.length(); row++) {
      int[] current = new int[above.length];
      current[0] = row;
      for (int column = 1; column < current.length; column++) {
        int same = typed.charAt(row - 1) == known.charAt(column - 1) ? 0 : 1;
        current[column] =
            Math.min(above[column - 1] + same, 1 + Math.min(above[column], current[column - 1]));
      }
      above = current;
    }
    return above[known.length()];
  }
}
