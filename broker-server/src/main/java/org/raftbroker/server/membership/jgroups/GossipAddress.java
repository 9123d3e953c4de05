package org.raftbroker.server.membership.jgroups;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jgroups.util.ExtendedUUID;
import org.jspecify.annotations.Nullable;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;

/**
 * A member as JGroups addresses it: a new random name for each start of a process, with all that
 * others need to know of the member inside. It is part of every view, so whoever is in a view is
 * also known; there is no state to ask for, and none to reconcile after a partition.
 *
 * @param startedAtMillis tells the starts of one member apart: of two in a view the later one is
 *     right. A clock that was set back between them is wrong only until the earlier one is missed
 */
record GossipAddress(Member member, long startedAtMillis) {
  private static final int MAX_VALUE_BYTES = 255;
  private static final String ID = "id";
  private static final String GRPC = "grpc";
  private static final String RAFT = "raft";
  private static final String HTTP = "http";
  private static final String GOSSIP = "gossip";
  private static final String DISK = "disk";
  private static final String STARTED_AT = "at";

  /**
   * @throws IllegalArgumentException if an address of the member is too long to be gossiped
   */
  ExtendedUUID toAddress() {
    ExtendedUUID address = ExtendedUUID.randomUUID(member.id());
    put(address, ID, member.id());
    put(address, GRPC, member.grpc().toString());
    put(address, RAFT, member.raft().toString());
    put(address, HTTP, member.http().toString());
    if (member.gossip() != null) {
      put(address, GOSSIP, member.gossip().toString());
    }
    put(address, DISK, member.disk());
    address.put(STARTED_AT, ByteBuffer.allocate(Long.BYTES).putLong(startedAtMillis).array());
    return address;
  }

  /** For JGroups' log: the member's id. */
  static String show(ExtendedUUID address) {
    String id = text(address, ID);
    return id == null ? "another program" : id;
  }

  /** Empty if it is the address of something that is no broker, or of a version unlike this. */
  static Optional<GossipAddress> of(org.jgroups.Address address) {
    if (!(address instanceof ExtendedUUID extended)) {
      return Optional.empty();
    }
    String id = text(extended, ID);
    String grpc = text(extended, GRPC);
    String raft = text(extended, RAFT);
    String http = text(extended, HTTP);
    String gossip = text(extended, GOSSIP);
    String disk = text(extended, DISK);
    byte[] startedAt = extended.get(STARTED_AT);
    if (id == null
        || grpc == null
        || raft == null
        || http == null
        || startedAt == null
        || startedAt.length != Long.BYTES) {
      return Optional.empty();
    }
    Member member =
        new Member(
            id,
            Address.parse(grpc),
            Address.parse(raft),
            Address.parse(http),
            gossip == null ? null : Address.parse(gossip),
            disk == null ? "" : disk);
    return Optional.of(new GossipAddress(member, ByteBuffer.wrap(startedAt).getLong()));
  }

  private static void put(ExtendedUUID address, String key, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_VALUE_BYTES) {
      throw new IllegalArgumentException(
          key
              + " of this node has "
              + bytes.length
              + " bytes, gossip takes "
              + MAX_VALUE_BYTES
              + "; use a shorter name or an IP address: "
              + value);
    }
    address.put(key, bytes);
  }

  private static @Nullable String text(ExtendedUUID address, String key) {
    byte[] bytes = address.get(key);
    return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
  }
}
