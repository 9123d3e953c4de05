package org.raftbroker.server.membership.serf;

import java.time.Duration;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.server.membership.Address;

/**
 * Where this node's Serf agent is. YAML section {@code membership.serf}. Each node needs an agent
 * of its own: the node's addresses are the agent's tags.
 *
 * @param rpc the agent's {@code -rpc-addr}; default 127.0.0.1:7373
 * @param authKey the agent's {@code rpc_auth}; default none
 * @param reconnectInterval longest wait between two attempts to reach the agent; 100 ms to 5 m,
 *     default 5 s. The first ones come sooner
 */
public record SerfConfig(Address rpc, String authKey, Duration reconnectInterval) {
  private static final Address RPC = new Address("127.0.0.1", 7373);

  /** Reads the section; problems are collected in {@code yaml}. */
  public static SerfConfig read(ConfigSection yaml) {
    return new SerfConfig(
        rpc(yaml),
        yaml.text("authKey", ""),
        yaml.duration(
            "reconnectInterval",
            Duration.ofSeconds(5),
            Duration.ofMillis(100),
            Duration.ofMinutes(5)));
  }

  private static Address rpc(ConfigSection yaml) {
    try {
      return Address.parse(yaml.text("rpc", RPC.toString()));
    } catch (IllegalArgumentException e) {
      yaml.problem("rpc", "must be host:port, as 127.0.0.1:7373: " + e.getMessage());
      return RPC;
    }
  }

  /** Without the key. */
  @Override
  public String toString() {
    return "SerfConfig[rpc=" + rpc + ", reconnectInterval=" + reconnectInterval + "]";
  }
}
