package org.raftbroker.server.console;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/** What an address says after the question mark. */
final class Query {
  private final Map<String, String> valueByName = new HashMap<>();

  Query(URI uri) throws Refusal {
    String raw = uri.getRawQuery();
    if (raw == null || raw.isEmpty()) {
      return;
    }
    for (String pair : raw.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = equals < 0 ? pair : pair.substring(0, equals);
      try {
        valueByName.put(name, equals < 0 ? "" : decoded(pair.substring(equals + 1)));
      } catch (IllegalArgumentException e) {
        throw new Refusal(
            400, "PARAMETER_INVALID", name + " is not encoded as it should be: " + e.getMessage());
      }
    }
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text, StandardCharsets.UTF_8);
  }

  /** Empty if it is not there. */
  String text(String name) {
    return valueByName.getOrDefault(name, "");
  }

  /** A whole number; {@code ifAbsent} if it is not there. */
  long number(String name, long ifAbsent) throws Refusal {
    String text = text(name);
    if (text.isEmpty()) {
      return ifAbsent;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new Refusal(
          400, "PARAMETER_INVALID", name + " must be a whole number, as in " + name + "=1");
    }
  }
}
