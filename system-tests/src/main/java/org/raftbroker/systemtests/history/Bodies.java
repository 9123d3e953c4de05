package org.raftbroker.systemtests.history;

import com.google.protobuf.ByteString;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The bodies of a history, each kept once: a message that comes back from three nodes and ten
 * subscribers unaltered costs one copy. Any thread.
 */
final class Bodies {
  private static final int SHOWN_BYTES = 24;

  private final ConcurrentHashMap<ByteString, ByteString> known = new ConcurrentHashMap<>();

  /**
   * @throws IllegalArgumentException if the body was published before: a history tells messages
   *     apart by their bodies
   */
  void add(ByteString body) {
    if (known.putIfAbsent(body, body) != null) {
      throw new IllegalArgumentException(
          "body " + shown(body) + " was published before; give each message its own");
    }
  }

  /** The kept copy of an equal body, else the body itself. */
  ByteString kept(ByteString body) {
    return known.getOrDefault(body, body);
  }

  /** The beginning of a body, for a message to people. */
  static String shown(ByteString body) {
    boolean whole = body.size() <= SHOWN_BYTES;
    String text =
        body.substring(0, whole ? body.size() : SHOWN_BYTES).toString(StandardCharsets.ISO_8859_1);
    return '"'
        + text.replaceAll("[^ -~]", "?")
        + (whole ? "\"" : "…\" of " + body.size() + " bytes");
  }
}
