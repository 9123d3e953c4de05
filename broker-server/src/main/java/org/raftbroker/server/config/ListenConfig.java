package org.raftbroker.server.config;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;

/**
 * Where a node binds, if not on the addresses that its member entry gives to others. YAML section
 * {@code listen}; needed behind address translation, or to listen on every interface.
 *
 * @param grpc null: the member's own
 * @param raft null: the member's own
 * @param http null: the member's own
 * @param gossip null: the member's own
 */
public record ListenConfig(
    @Nullable Address grpc,
    @Nullable Address raft,
    @Nullable Address http,
    @Nullable Address gossip) {
  static ListenConfig read(ConfigSection yaml) {
    Map<Address, String> keyByAddress = new HashMap<>();
    return new ListenConfig(
        address(yaml, "grpc", keyByAddress),
        address(yaml, "raft", keyByAddress),
        address(yaml, "http", keyByAddress),
        address(yaml, "gossip", keyByAddress));
  }

  private static @Nullable Address address(
      ConfigSection yaml, String key, Map<Address, String> keyByAddress) {
    Address address = Addresses.read(yaml, key).orElse(null);
    if (address != null) {
      String first = keyByAddress.putIfAbsent(address, key);
      if (first != null) {
        yaml.problem(key, "must differ from listen." + first);
      }
    }
    return address;
  }

  public Address grpc(Member self) {
    return grpc == null ? self.grpc() : grpc;
  }

  public Address raft(Member self) {
    return raft == null ? self.raft() : raft;
  }

  public Address http(Member self) {
    return http == null ? self.http() : http;
  }

  /** Null if neither is there: the member takes no part in gossip. */
  public @Nullable Address gossip(Member self) {
    return gossip == null ? self.gossip() : gossip;
  }
}
