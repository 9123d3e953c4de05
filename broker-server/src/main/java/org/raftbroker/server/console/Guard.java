package org.raftbroker.server.console;

import com.sun.net.httpserver.Headers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Address;

/**
 * Who may use the console. With a token: whoever knows it. Without one: this machine, if the port
 * is on a loopback address; nobody, if it is not. Web pages of others never: a browser says whose
 * page asks, and under which name the page knows this node.
 */
final class Guard {
  private static final String SCHEME = "Bearer ";
  private static final Set<String> OWN_SITE = Set.of("same-origin", "none");

  private final Address listen;
  private final String token;

  /**
   * @param listen where the HTTP port is bound
   * @param token empty: none
   */
  Guard(Address listen, String token) {
    this.listen = listen;
    this.token = token;
  }

  /** Whether there is anybody who may use the console. */
  boolean isOpen() {
    return !token.isEmpty() || listen.isLoopback();
  }

  /** Refuses everybody where nobody may use it: the page is not even shown then. */
  void checkOpen() throws Refusal {
    if (!isOpen()) {
      throw new Refusal(
          403,
          "CONSOLE_CLOSED",
          "the console is closed: others can reach "
              + listen
              + ", and there is no token to tell who may. Set http.console.token"
              + " (BROKER_HTTP_CONSOLE_TOKEN) on this node, or let it listen on a loopback address"
              + " (listen.http)");
    }
  }

  /** Whether a request to the API may be answered. */
  void check(String method, Headers headers) throws Refusal {
    checkOpen();
    checkSite(headers);
    if (token.isEmpty()) {
      checkHost(headers.getFirst("Host"));
    } else {
      checkToken(headers.getFirst("Authorization"));
    }
    if (method.equals("POST") && !isJson(headers.getFirst("Content-Type"))) {
      // A page of others may send forms and text without asking; JSON it may not.
      throw new Refusal(
          415, "JSON_REQUIRED", "the body must be JSON, with Content-Type: application/json");
    }
  }

  /** A browser sends what it knows of who asks; other programs send nothing, and are no danger. */
  private static void checkSite(Headers headers) throws Refusal {
    String site = headers.getFirst("Sec-Fetch-Site");
    String origin = headers.getFirst("Origin");
    boolean others =
        site != null ? !OWN_SITE.contains(site) : origin != null && !isOwn(origin, headers);
    if (others) {
      throw new Refusal(
          403,
          "CROSS_SITE",
          "the request comes from a page of another site"
              + (origin == null ? "" : ", " + shown(origin))
              + "; only the console's own page may ask");
    }
  }

  /** The scheme is not compared: a proxy in front may be the one that speaks TLS. */
  private static boolean isOwn(String origin, Headers headers) {
    int authority = origin.indexOf("://");
    return authority > 0
        && origin.substring(authority + 3).equalsIgnoreCase(headers.getFirst("Host"));
  }

  /**
   * A page of others whose name was made to point to this machine (DNS rebinding) is of its own
   * site, but names its own host.
   */
  private void checkHost(@Nullable String host) throws Refusal {
    String name = host == null ? "" : host.replaceFirst(":[0-9]*$", "").replaceAll("[\\[\\]]", "");
    if (!Address.isLoopback(name) && !name.equalsIgnoreCase(listen.host())) {
      throw new Refusal(
          403,
          "HOST_UNKNOWN",
          "the request is for host "
              + shown(name)
              + "; without a token (http.console.token) the console answers only as localhost or"
              + " 127.0.0.1");
    }
  }

  private void checkToken(@Nullable String authorization) throws Refusal {
    if (authorization == null || !authorization.startsWith(SCHEME)) {
      throw new Refusal(
          401,
          "TOKEN_REQUIRED",
          "this console asks for a token: the one of http.console.token, sent as Authorization:"
              + " Bearer");
    }
    byte[] given = authorization.substring(SCHEME.length()).getBytes(StandardCharsets.UTF_8);
    // In constant time: how long it takes says nothing of where the two begin to differ.
    if (!MessageDigest.isEqual(given, token.getBytes(StandardCharsets.UTF_8))) {
      throw new Refusal(
          401, "TOKEN_WRONG", "the token is not that of http.console.token of this node");
    }
  }

  private static boolean isJson(@Nullable String contentType) {
    return contentType != null
        && contentType.replaceFirst(";.*", "").strip().equalsIgnoreCase("application/json");
  }

  private static String shown(String text) {
    return '"' + (text.length() > 100 ? text.substring(0, 100) + "…" : text) + '"';
  }
}
