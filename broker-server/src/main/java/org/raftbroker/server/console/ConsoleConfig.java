package org.raftbroker.server.console;

import java.util.regex.Pattern;
import org.raftbroker.config.ConfigSection;

/**
 * Who may use the console, and what it may cost. YAML section {@code http.console}.
 *
 * @param enabled whether there is one; default true. It is open to this machine only, unless there
 *     is a token
 * @param token what a person must know to use it; 16 to 256 visible ASCII characters; default none:
 *     then it answers only where the HTTP port is on a loopback address
 * @param threads most of its requests that are served at once; 1 to 64, default 4. They are not
 *     those of {@code http.threads}: the console cannot keep probes and scrapes waiting
 * @param watchers most subjects that are watched at once, over all pages; 1 to 100, default 8. Each
 *     holds a thread and a connection
 */
public record ConsoleConfig(boolean enabled, String token, int threads, int watchers) {
  public static final ConsoleConfig DEFAULT = new ConsoleConfig(true, "", 4, 8);

  /** Anything shorter can be guessed; what may stand in a header is also easy to paste. */
  private static final Pattern TOKEN = Pattern.compile("[!-~]{16,256}");

  /** Reads the section; problems are collected in {@code yaml}. */
  public static ConsoleConfig read(ConfigSection yaml) {
    boolean enabled = yaml.flag("enabled", DEFAULT.enabled);
    String token = yaml.text("token", DEFAULT.token);
    if (!token.isEmpty() && !TOKEN.matcher(token).matches()) {
      yaml.problem("token", "must be 16 to 256 visible ASCII characters without spaces");
    }
    return new ConsoleConfig(
        enabled,
        token,
        yaml.count("threads", DEFAULT.threads, 1, 64),
        yaml.count("watchers", DEFAULT.watchers, 1, 100));
  }

  /** Without the token. */
  @Override
  public String toString() {
    return "ConsoleConfig[enabled="
        + enabled
        + ", threads="
        + threads
        + ", watchers="
        + watchers
        + "]";
  }
}
