package org.raftbroker.server.config;

/**
 * A key that a config record asked for.
 *
 * @param allowed what its value may be, as it follows "must be"
 * @param ifAbsent the default as one would write it; empty if there is none
 */
record KnownKey(KeyPath path, Kind kind, String allowed, String ifAbsent) {
  enum Kind {
    SECTION,
    LIST,
    VALUE
  }

  /** What to write instead of something that is not allowed. */
  String wanted() {
    return "must be " + allowed + (ifAbsent.isEmpty() ? "" : " (default " + ifAbsent + ")");
  }
}
