package org.raftbroker.server.membership.jgroups;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.server.membership.Address;

/**
 * Gossip between nodes. YAML section {@code membership.jgroups}. {@code failurePortOffset} must be
 * the same on all nodes.
 *
 * @param contacts where to look for other members, {@code host:port} separated by commas; default
 *     the gossip addresses in {@code cluster.members}. One that is up is enough: it knows the
 *     others
 * @param dns a name and the port of gossip, as in {@code broker-gossip:9291}; looked up again
 *     whenever members are looked for, and all its addresses are contacts as well. For the headless
 *     service of a Kubernetes StatefulSet. Default none
 * @param failureTimeout a member of which nothing was heard for so long has failed; 1 s to 5 m,
 *     default 6 s. A process that died is noticed by its connections, within a second
 * @param failurePortOffset those connections go to a second port, which is gossip's plus this; 1 to
 *     10000, default 10
 */
public record JGroupsConfig(
    List<Address> contacts, @Nullable Address dns, Duration failureTimeout, int failurePortOffset) {
  private static final Duration FAILURE_TIMEOUT = Duration.ofSeconds(6);
  private static final int FAILURE_PORT_OFFSET = 10;

  public JGroupsConfig {
    contacts = List.copyOf(contacts);
  }

  /**
   * Reads the section; problems are collected in {@code yaml}.
   *
   * @param ifNoContacts the gossip addresses in {@code cluster.members}
   */
  public static JGroupsConfig read(ConfigSection yaml, List<Address> ifNoContacts) {
    return new JGroupsConfig(
        contacts(yaml, ifNoContacts),
        dns(yaml),
        yaml.duration(
            "failureTimeout", FAILURE_TIMEOUT, Duration.ofSeconds(1), Duration.ofMinutes(5)),
        yaml.count("failurePortOffset", FAILURE_PORT_OFFSET, 1, 10_000));
  }

  private static List<Address> contacts(ConfigSection yaml, List<Address> ifNone) {
    String text =
        yaml.text(
            "contacts", ifNone.stream().map(Address::toString).collect(Collectors.joining(",")));
    if (text.isBlank()) {
      return ifNone;
    }
    List<Address> contacts = new ArrayList<>();
    for (String part : text.split(",", -1)) {
      try {
        contacts.add(Address.parse(part.strip()));
      } catch (IllegalArgumentException e) {
        yaml.problem(
            "contacts",
            "must be host:port, several separated by commas, as 10.0.0.1:9291,10.0.0.2:9291: "
                + e.getMessage());
        return ifNone;
      }
    }
    return contacts;
  }

  private static @Nullable Address dns(ConfigSection yaml) {
    String text = yaml.text("dns", "");
    if (text.isEmpty()) {
      return null;
    }
    try {
      return Address.parse(text);
    } catch (IllegalArgumentException e) {
      yaml.problem("dns", "must be name:port, as broker-gossip:9291: " + e.getMessage());
      return null;
    }
  }
}
