package org.raftbroker.server.http;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * What the HTTP port may cost. YAML section {@code http}.
 *
 * @param threads most requests that are served at once; 2 to 64, default 8. Threads start on demand
 *     and end when idle; a client that sends slowly holds one for up to {@code requestTimeout}
 * @param maxConnections most open connections; further ones are closed at once; 8 to 10000, default
 *     100
 * @param requestTimeout most time for a request to arrive; 1 s to 5 m, default 5 s
 * @param responseTimeout most time for an answer to be taken; 1 s to 5 m, default 30 s
 */
public record HttpConfig(
    int threads, int maxConnections, Duration requestTimeout, Duration responseTimeout) {
  public static final HttpConfig DEFAULT =
      new HttpConfig(8, 100, Duration.ofSeconds(5), Duration.ofSeconds(30));

  private static final Duration SHORTEST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofMinutes(5);

  /** Reads the section; problems are collected in {@code yaml}. */
  public static HttpConfig read(ConfigSection yaml) {
    return new HttpConfig(
        yaml.count("threads", DEFAULT.threads, 2, 64),
        yaml.count("maxConnections", DEFAULT.maxConnections, 8, 10_000),
        yaml.duration("requestTimeout", DEFAULT.requestTimeout, SHORTEST, LONGEST),
        yaml.duration("responseTimeout", DEFAULT.responseTimeout, SHORTEST, LONGEST));
  }
}
