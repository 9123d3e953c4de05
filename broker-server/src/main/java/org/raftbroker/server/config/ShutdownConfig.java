package org.raftbroker.server.config;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;

/**
 * How a node stops. YAML section {@code shutdown}.
 *
 * @param timeout most time for handing over leadership and finishing calls; 1 s to 10 m, default 20
 *     s. Whatever kills the process in the end (systemd, Kubernetes) must wait longer
 */
public record ShutdownConfig(Duration timeout) {
  public static final ShutdownConfig DEFAULT = new ShutdownConfig(Duration.ofSeconds(20));

  static ShutdownConfig read(ConfigSection yaml) {
    return new ShutdownConfig(
        yaml.duration("timeout", DEFAULT.timeout, Duration.ofSeconds(1), Duration.ofMinutes(10)));
  }
}
