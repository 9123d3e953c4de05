package org.raftbroker.message;

import java.nio.charset.StandardCharsets;

/**
 * The name of a sequence of messages: 1 to {@value #MAX_BYTES} bytes of UTF-8, tokens joined by
 * {@code '.'}. Valid by construction.
 */
public final class Subject implements Comparable<Subject> {
  public static final int MAX_BYTES = 255;

  private final String name;

  /**
   * A subject as a client names it.
   *
   * @throws BrokerException {@link Reason#SUBJECT_INVALID}, {@link Reason#WILDCARD_NOT_ALLOWED} or
   *     {@link Reason#SUBJECT_RESERVED}, naming what is wrong and where
   */
  public Subject(String name) {
    this(name, true);
  }

  private Subject(String name, boolean validated) {
    if (validated && !isPlain(name)) {
      validate(name);
    }
    this.name = name;
  }

  /**
   * A name that a node has accepted before, read back from the log, a store or a peer. Not checked
   * again: which characters are allowed depends on the Unicode version of the Java that asks, and
   * what one node accepted every node must take.
   */
  public static Subject accepted(String name) {
    return new Subject(name, false);
  }

  public String name() {
    return name;
  }

  /** The bytes that this name takes in UTF-8. */
  public byte[] utf8() {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public int compareTo(Subject other) {
    return name.compareTo(other.name);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Subject that && name.equals(that.name);
  }

  @Override
  public int hashCode() {
    return name.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }

  /** Whether the name is valid at a glance, as nearly all are: ASCII without anything special. */
  private static boolean isPlain(String name) {
    int length = name.length();
    if (length > MAX_BYTES) {
      return false;
    }
    char before = '.';
    for (int i = 0; i < length; i++) {
      char c = name.charAt(i);
      if (c <= ' ' || c >= 0x7f || c == '*' || c == '>' || (c == '.' && before == '.')) {
        return false;
      }
      before = c;
    }
    return before != '.' && name.charAt(0) != '$';
  }

  private static void validate(String name) {
    if (name.isEmpty()) {
      throw invalid("subject is empty; name one, such as \"orders.created\"");
    }
    if (name.length() > MAX_BYTES || utf8Length(name) > MAX_BYTES) {
      throw invalid(
          "subject has more than " + MAX_BYTES + " bytes of UTF-8; shorten it: " + shown(name));
    }
    if (name.charAt(0) == '$') {
      throw new BrokerException(
          Reason.SUBJECT_RESERVED,
          "subject "
              + shown(name)
              + " starts with '$', which is kept for the system; choose another name");
    }
    int tokenStart = 0;
    for (int i = 0; i < name.length(); ) {
      int codePoint = name.codePointAt(i);
      if (codePoint == '.') {
        if (i == tokenStart) {
          throw emptyToken(name, i);
        }
        tokenStart = i + 1;
      } else if (codePoint == '*' || codePoint == '>') {
        throw new BrokerException(
            Reason.WILDCARD_NOT_ALLOWED,
            "subject "
                + shown(name)
                + " has the wildcard '"
                + (char) codePoint
                + "' at character "
                + (i + 1)
                + "; name one subject");
      } else if (!isAllowed(codePoint)) {
        throw invalid(
            "subject "
                + shown(name)
                + String.format(" has U+%04X at character %d;", codePoint, i + 1)
                + " white space, control and invisible characters are not allowed");
      }
      i += Character.charCount(codePoint);
    }
    if (tokenStart == name.length()) {
      throw emptyToken(name, name.length());
    }
  }

  private static boolean isAllowed(int codePoint) {
    if (codePoint > ' ' && codePoint < 0x7f) {
      return true;
    }
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT, // zero-width and bidi controls: two subjects that look the same
          Character.SURROGATE, // half a pair: not UTF-8
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.SPACE_SEPARATOR ->
          false;
      default -> true;
    };
  }

  private static int utf8Length(String name) {
    return name.getBytes(StandardCharsets.UTF_8).length;
  }

  private static BrokerException emptyToken(String name, int at) {
    return invalid(
        "subject "
            + shown(name)
            + " has an empty token at character "
            + (at + 1)
            + "; write tokens joined by single dots");
  }

  private static BrokerException invalid(String message) {
    return new BrokerException(Reason.SUBJECT_INVALID, message);
  }

  /**
   * The name as an error may repeat it: bounded, and without what could garble a terminal or a log.
   */
  private static String shown(String name) {
    StringBuilder shown = new StringBuilder("\"");
    name.codePoints()
        .limit(64)
        .forEach(
            c -> {
              if (isAllowed(c) || c == ' ') {
                shown.appendCodePoint(c);
              } else {
                shown.append(String.format("\\u%04x", c));
              }
            });
    return shown.append(name.length() > 64 ? "…\"" : "\"").toString();
  }
}
