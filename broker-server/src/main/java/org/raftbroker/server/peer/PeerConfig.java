package org.raftbroker.server.peer;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * Calls to other nodes. YAML section {@code peers}.
 *
 * @param connectTimeout how long a connection attempt may take; 50 ms to 1 m, default 1 s
 * @param reconnectInterval a peer that cannot be reached is tried again this often, as long as
 *     there is something for it; 10 ms to 1 m, default 250 ms
 * @param forwardTimeout a forwarded submission that a peer has not answered for so long is given
 *     up, with all others under way to that peer and shard, and submitted again to whoever leads
 *     then; 100 ms to 5 m, default 3 s. Notices a peer that is stopped or cut off before its
 *     connection breaks
 * @param readTimeout a question about a shard that a peer has not answered for so long is asked of
 *     the next one that has a replica; 100 ms to 5 m, default 3 s
 * @param broadcastTimeout how long a broadcast waits for each peer; 10 ms to 1 m, default 1 s
 * @param keepAliveTime a connection that has been silent for so long is pinged; 10 s to 1 h,
 *     default 10 s
 * @param keepAliveTimeout a ping unanswered for so long ends the connection; 100 ms to 1 m, default
 *     3 s
 */
public record PeerConfig(
    Duration connectTimeout,
    Duration reconnectInterval,
    Duration forwardTimeout,
    Duration readTimeout,
    Duration broadcastTimeout,
    Duration keepAliveTime,
    Duration keepAliveTimeout) {

  public static final PeerConfig DEFAULT =
      new PeerConfig(
          Duration.ofSeconds(1),
          Duration.ofMillis(250),
          Duration.ofSeconds(3),
          Duration.ofSeconds(3),
          Duration.ofSeconds(1),
          Duration.ofSeconds(10),
          Duration.ofSeconds(3));

  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** Reads the section; problems are collected in {@code yaml}. */
  public static PeerConfig read(ConfigSection yaml) {
    return new PeerConfig(
        yaml.duration("connectTimeout", DEFAULT.connectTimeout, Duration.ofMillis(50), MINUTE),
        yaml.duration(
            "reconnectInterval", DEFAULT.reconnectInterval, Duration.ofMillis(10), MINUTE),
        yaml.duration(
            "forwardTimeout",
            DEFAULT.forwardTimeout,
            Duration.ofMillis(100),
            Duration.ofMinutes(5)),
        yaml.duration(
            "readTimeout", DEFAULT.readTimeout, Duration.ofMillis(100), Duration.ofMinutes(5)),
        yaml.duration("broadcastTimeout", DEFAULT.broadcastTimeout, Duration.ofMillis(10), MINUTE),
        yaml.duration(
            "keepAliveTime", DEFAULT.keepAliveTime, Duration.ofSeconds(10), Duration.ofHours(1)),
        yaml.duration(
            "keepAliveTimeout", DEFAULT.keepAliveTimeout, Duration.ofMillis(100), MINUTE));
  }
}
