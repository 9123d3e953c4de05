package org.raftbroker.server.config;

/** Values as messages show them: on one line and short. */
final class Shown {
  private static final int MAX_CHARS = 60;

  private Shown() {}

  static String quoted(String value) {
    StringBuilder shown = new StringBuilder("\"");
    value
        .codePoints()
        .limit(MAX_CHARS)
        .forEach(
            c -> {
              if (Character.isISOControl(c)) {
                shown.append(String.format("\\u%04x", c));
              } else {
                shown.appendCodePoint(c);
              }
            });
    boolean isCut = value.codePointCount(0, value.length()) > MAX_CHARS;
    return shown.append(isCut ? "…\"" : "\"").toString();
  }
}
