package org.raftbroker.server.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;

/**
 * Which member a process is, and where it keeps what it must not lose. YAML section {@code node}.
 * The addresses are for a node that {@code cluster.members} does not list, which then needs the
 * first three; of one that is listed they must be the same as there.
 *
 * @param id of 1 to 64 of A-Z, a-z, 0-9 and -
 * @param dataDir the Raft log and the store; created if it is not there. A relative one is resolved
 *     against the directory in which the process was started
 * @param grpc where clients and other nodes dial
 * @param raft where replicas of shards talk to each other
 * @param http metrics and health
 * @param gossip where members find each other
 */
public record NodeIdentity(
    String id,
    Path dataDir,
    @Nullable Address grpc,
    @Nullable Address raft,
    @Nullable Address http,
    @Nullable Address gossip) {
  static NodeIdentity read(ConfigSection yaml) {
    String id = yaml.text("id", "");
    if (id.isEmpty()) {
      yaml.problem("id", "missing; name the member that this node is");
    }
    String dataDir = yaml.text("dataDir", "");
    if (dataDir.isBlank()) {
      yaml.problem("dataDir", "missing; name the directory for this node's log and store");
    }
    return new NodeIdentity(
        id,
        path(yaml, dataDir),
        Addresses.readAdvertised(yaml, "grpc").orElse(null),
        Addresses.readAdvertised(yaml, "raft").orElse(null),
        Addresses.readAdvertised(yaml, "http").orElse(null),
        Addresses.readAdvertised(yaml, "gossip").orElse(null));
  }

  /** As a member, by its own addresses; empty if it has not all that it needs. */
  Optional<Member> asMember() {
    return grpc == null || raft == null || http == null
        ? Optional.empty()
        : Optional.of(new Member(id, grpc, raft, http, gossip, ""));
  }

  /** The addresses that are given and are not those of {@code listed}, by their keys. */
  List<String> keysUnlike(Member listed) {
    List<String> keys = new ArrayList<>();
    addIfUnlike(keys, "grpc", grpc, listed.grpc());
    addIfUnlike(keys, "raft", raft, listed.raft());
    addIfUnlike(keys, "http", http, listed.http());
    addIfUnlike(keys, "gossip", gossip, listed.gossip());
    return keys;
  }

  private static void addIfUnlike(
      List<String> keys, String key, @Nullable Address own, @Nullable Address listed) {
    if (own != null && !own.equals(listed)) {
      keys.add(key);
    }
  }

  private static Path path(ConfigSection yaml, String dataDir) {
    try {
      return Path.of(dataDir);
    } catch (InvalidPathException e) {
      yaml.problem("dataDir", "must be a path: " + e.getReason());
      return Path.of("");
    }
  }
}
