package org.raftbroker.server.membership.serf;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;

/** A member as tags of its Serf agent. */
final class SerfTags {
  /** Set to {@link #STOPPED} or {@link #LEFT} by a node that says good-bye. */
  static final String STATE = "state";

  static final String STOPPED = "stopped";
  static final String LEFT = "left";

  /**
   * What all tags of an agent may have together (Serf's TagsMaxSize is memberlist's MetaMaxSize).
   */
  static final int MAX_BYTES = 512;

  private static final String CLUSTER = "cluster";
  private static final String ID = "id";
  private static final String GRPC = "grpc";
  private static final String RAFT = "raft";
  private static final String HTTP = "http";
  private static final String DISK = "disk";
  private static final List<String> NEEDED = List.of(ID, GRPC, RAFT, HTTP);

  /** MessagePack, in the old form that Serf writes, spends three bytes from this length on. */
  private static final int LONG_TEXT = 32;

  private SerfTags() {}

  /**
   * @throws IOException if they are too long for Serf
   */
  static Map<String, String> of(String cluster, Member member) throws IOException {
    Map<String, String> tags = new TreeMap<>();
    tags.put(CLUSTER, cluster);
    tags.put(ID, member.id());
    tags.put(GRPC, member.grpc().toString());
    tags.put(RAFT, member.raft().toString());
    tags.put(HTTP, member.http().toString());
    tags.put(DISK, member.disk());
    int bytes = bytes(tags) + encodedBytes(STATE) + encodedBytes(STOPPED);
    if (bytes > MAX_BYTES) {
      throw new IOException(
          "the tags of this node need "
              + bytes
              + " bytes, Serf takes "
              + MAX_BYTES
              + "; use shorter host names or IP addresses: "
              + tags);
    }
    return tags;
  }

  private static int bytes(Map<String, String> tags) {
    int bytes = 2; // what they begin with
    for (Map.Entry<String, String> tag : tags.entrySet()) {
      bytes += encodedBytes(tag.getKey()) + encodedBytes(tag.getValue());
    }
    return bytes;
  }

  private static int encodedBytes(String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    return bytes < LONG_TEXT ? bytes + 1 : bytes + 3;
  }

  /**
   * The member that an agent announces; empty if it is none of this cluster: an agent may serve
   * other programs, or a broker that has not come up yet.
   */
  static Optional<Member> member(String cluster, Map<String, String> tags) {
    if (!cluster.equals(tags.get(CLUSTER)) || !tags.keySet().containsAll(NEEDED)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new Member(
              tags.getOrDefault(ID, ""),
              Address.parse(tags.getOrDefault(GRPC, "")),
              Address.parse(tags.getOrDefault(RAFT, "")),
              Address.parse(tags.getOrDefault(HTTP, "")),
              null,
              tags.getOrDefault(DISK, "")));
    } catch (IllegalArgumentException e) {
      return Optional.empty(); // written by somebody else, or by a version unlike this
    }
  }
}
