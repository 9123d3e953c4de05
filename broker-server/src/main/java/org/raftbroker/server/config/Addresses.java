package org.raftbroker.server.config;

import java.util.Optional;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.server.membership.Address;

/** Addresses as configuration has them. */
final class Addresses {
  /** Stands where an address is wanted and the configuration has none; never leaves the reading. */
  static final Address NONE = new Address("none.invalid", 1);

  private Addresses() {}

  /** Empty if there is none, or if there is something else, which is then a problem. */
  static Optional<Address> read(ConfigSection yaml, String key) {
    String text = yaml.text(key, "");
    if (text.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(Address.parse(text));
    } catch (IllegalArgumentException e) {
      yaml.problem(key, "must be host:port, as 10.0.0.1:9091 or [::1]:9091: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** The same, of one that others are to dial. */
  static Optional<Address> readAdvertised(ConfigSection yaml, String key) {
    Optional<Address> address = read(yaml, key);
    if (address.filter(Address::isWildcard).isPresent()) {
      yaml.problem(
          key,
          "nobody can dial that; name the address that the others reach, and put this one under"
              + " listen."
              + key);
    }
    return address;
  }
}
