package org.raftbroker.storage.cassandra;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A node of Cassandra from which the others are learned.
 *
 * @param host a name, an IPv4 address, or an IPv6 address without brackets
 * @param port 1 to 65535
 */
public record ContactPoint(String host, int port) {
  private static final int DEFAULT_PORT = 9042;

  /**
   * Reads {@code host:port} or {@code [v6]:port}, separated by commas; without a port it is 9042.
   *
   * @throws IllegalArgumentException if that is not what it is, saying what is wrong
   */
  static List<ContactPoint> parse(String text) {
    List<ContactPoint> all = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      all.add(one(part.strip()));
    }
    return all;
  }

  private static ContactPoint one(String text) {
    // The colon of a port comes after the bracket, or is the only one.
    int colon = text.startsWith("[") ? text.indexOf("]:") + 1 : text.indexOf(':');
    String host = colon <= 0 ? text : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (text.indexOf(':') != text.lastIndexOf(':')) {
      throw new IllegalArgumentException(
          "\"" + text + "\" has several colons; write an IPv6 address as [address]:port");
    }
    if (host.isEmpty() || host.chars().anyMatch(Character::isWhitespace)) {
      throw new IllegalArgumentException("\"" + text + "\" names no host");
    }
    return new ContactPoint(host, colon <= 0 ? DEFAULT_PORT : port(text.substring(colon + 1)));
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 1 && port <= 65_535) {
        return port;
      }
    } catch (NumberFormatException e) {
      // refused below
    }
    throw new IllegalArgumentException("port \"" + text + "\" is not from 1 to 65535");
  }

  /** As {@link #parse} takes them. */
  static String join(List<ContactPoint> all) {
    return all.stream().map(ContactPoint::toString).collect(Collectors.joining(","));
  }

  @Override
  public String toString() {
    return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
  }
}
