package org.raftbroker.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Columns as wide as their widest cell so far. A table that is too long to be held can be taken
 * piece by piece: a piece keeps in line with those before it unless a cell is wider than all of
 * theirs.
 */
final class TextTable {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();
  private final int[] widths;

  TextTable(String... header) {
    widths = new int[header.length];
    add(Arrays.asList(header));
  }

  void row(Object... cells) {
    add(Arrays.stream(cells).map(Object::toString).toList());
  }

  /** The rows since the last call; the header is before the first ones. */
  List<String> take() {
    List<String> lines = rows.stream().map(this::line).toList();
    rows.clear();
    return lines;
  }

  private void add(List<String> row) {
    if (row.size() != widths.length) {
      throw new IllegalArgumentException(row.size() + " cells under " + widths.length + " headers");
    }
    for (int i = 0; i < widths.length; i++) {
      widths[i] = Math.max(widths[i], row.get(i).length());
    }
    rows.add(row);
  }

  private String line(List<String> row) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length())).append(GAP);
    }
    return line.toString().stripTrailing();
  }
}
