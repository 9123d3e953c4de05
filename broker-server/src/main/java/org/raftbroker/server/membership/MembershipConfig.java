package org.raftbroker.server.membership;

import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import org.raftbroker.config.ConfigSection;

/**
 * How nodes find each other. YAML section {@code membership}; each provider has a section of its
 * own below it.
 *
 * @param provider {@code jgroups}, {@code serf} or {@code static}; default jgroups if this node has
 *     a gossip address, otherwise static
 * @param forgetAfter how long a member that is gone and that the configuration does not list is
 *     still shown; 1 m to 365 days, default 1 day
 */
public record MembershipConfig(Provider provider, Duration forgetAfter) {
  /** Who finds the others. */
  public enum Provider {
    /** Gossip in this process. */
    JGROUPS,
    /** The Serf agent of this machine. */
    SERF,
    /** The configuration: members as listed, and all of them taken for up. */
    STATIC;

    private String key() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private static final Duration FORGET_AFTER = Duration.ofDays(1);

  /**
   * Reads the section; problems are collected in {@code yaml}.
   *
   * @param hasGossip whether this node has a gossip address
   */
  public static MembershipConfig read(ConfigSection yaml, boolean hasGossip) {
    return new MembershipConfig(
        provider(yaml, hasGossip),
        yaml.duration("forgetAfter", FORGET_AFTER, Duration.ofMinutes(1), Duration.ofDays(365)));
  }

  private static Provider provider(ConfigSection yaml, boolean hasGossip) {
    Provider ifAbsent = hasGossip ? Provider.JGROUPS : Provider.STATIC;
    String text = yaml.text("provider", ifAbsent.key());
    for (Provider provider : Provider.values()) {
      if (provider.key().equals(text)) {
        if (provider == Provider.JGROUPS && !hasGossip) {
          yaml.problem(
              "provider",
              "needs a gossip address of this node: give its entry in cluster.members one, or set"
                  + " node.gossip");
        }
        return provider;
      }
    }
    yaml.problem(
        "provider",
        "must be one of "
            + Arrays.stream(Provider.values()).map(Provider::key).collect(Collectors.joining(", "))
            + " (default jgroups if this node has a gossip address, else static)");
    return ifAbsent;
  }
}
