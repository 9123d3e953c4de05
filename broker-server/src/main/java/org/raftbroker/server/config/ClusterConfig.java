package org.raftbroker.server.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;

/**
 * What all nodes of a cluster must agree on. YAML section {@code cluster}.
 *
 * @param name 1 to 64 of a-z, 0-9 and -
 * @param secret proves to a peer that a call comes from the cluster; 1 to 256 visible ASCII
 *     characters without spaces, because it travels in a header; default the cluster's name
 * @param hasOwnSecret whether {@code secret} was given, rather than taken from the name
 * @param shards into how many Raft groups subjects are hashed; 1 to 64, default 3. Fixed when the
 *     cluster is created
 * @param replicas how many members have a replica of each shard; 1 to 7, default 3; with fewer
 *     members, all of them. Fixed when the cluster is created
 * @param members the first members, and contacts for later ones; at least one, ids of 1 to 64 of
 *     A-Z, a-z, 0-9 and -, no address twice
 */
public record ClusterConfig(
    String name,
    Secret secret,
    boolean hasOwnSecret,
    int shards,
    int replicas,
    List<Member> members) {
  private static final int DEFAULT_SHARDS = 3;
  private static final int MAX_SHARDS = 64;
  private static final int DEFAULT_REPLICAS = 3;
  private static final int MAX_REPLICAS = 7;
  private static final Pattern NAME = Pattern.compile("[a-z0-9-]{1,64}");
  private static final Pattern MEMBER_ID = Pattern.compile("[A-Za-z0-9-]{1,64}");
  private static final Pattern HEADER_SAFE = Pattern.compile("[!-~]{1,256}");

  public ClusterConfig {
    members = List.copyOf(members);
  }

  static ClusterConfig read(ConfigSection yaml) {
    String name = yaml.text("name", "");
    if (!NAME.matcher(name).matches()) {
      yaml.problem("name", missingOr(name, "must be 1 to 64 of a-z, 0-9 and -"));
    }
    String secret = yaml.text("secret", name);
    // Any key may be empty in a file; an empty secret would be everybody's.
    if (!secret.equals(name) && !HEADER_SAFE.matcher(secret).matches()) {
      yaml.problem(
          "secret", "must be 1 to 256 visible ASCII characters without spaces (default the name)");
    }
    return new ClusterConfig(
        name,
        new Secret(secret),
        !secret.equals(name),
        yaml.count("shards", DEFAULT_SHARDS, 1, MAX_SHARDS),
        yaml.count("replicas", DEFAULT_REPLICAS, 1, MAX_REPLICAS),
        members(yaml));
  }

  static boolean isMemberId(String text) {
    return MEMBER_ID.matcher(text).matches();
  }

  /** Of those members that have one. */
  List<Address> gossipAddresses() {
    List<Address> addresses = new ArrayList<>();
    for (Member member : members) {
      if (member.gossip() != null) {
        addresses.add(member.gossip());
      }
    }
    return addresses;
  }

  private static List<Member> members(ConfigSection yaml) {
    List<ConfigSection> sections = yaml.sections("members");
    if (sections.isEmpty()) {
      yaml.problem(
          "members", "missing; list the first nodes with their id, grpc, raft and http address");
    }
    List<Member> members = new ArrayList<>();
    Map<String, String> placeById = new HashMap<>();
    Map<String, String> placeByAddress = new HashMap<>();
    for (int i = 0; i < sections.size(); i++) {
      ConfigSection section = sections.get(i);
      String place = "cluster.members[" + i + "]";
      String id = section.text("id", "");
      if (!isMemberId(id)) {
        section.problem("id", missingOr(id, "must be 1 to 64 of A-Z, a-z, 0-9 and -"));
      } else {
        refuseTwice(section, "id", id, place, placeById);
      }
      members.add(
          new Member(
              id,
              address(section, "grpc", place, placeByAddress),
              address(section, "raft", place, placeByAddress),
              address(section, "http", place, placeByAddress),
              optionalAddress(section, "gossip", place, placeByAddress).orElse(null),
              ""));
    }
    return members;
  }

  private static Address address(
      ConfigSection section, String key, String place, Map<String, String> placeByAddress) {
    return optionalAddress(section, key, place, placeByAddress)
        .orElseGet(
            () -> {
              section.problem(key, "missing; give it as host:port");
              return Addresses.NONE;
            });
  }

  private static Optional<Address> optionalAddress(
      ConfigSection section, String key, String place, Map<String, String> placeByAddress) {
    Optional<Address> address = Addresses.readAdvertised(section, key);
    address
        .filter(given -> !given.isWildcard())
        .map(given -> given.toString().toLowerCase(Locale.ROOT))
        .ifPresent(normal -> refuseTwice(section, key, normal, place + "." + key, placeByAddress));
    return address;
  }

  private static void refuseTwice(
      ConfigSection section,
      String key,
      String value,
      String place,
      Map<String, String> placeByValue) {
    String first = placeByValue.putIfAbsent(value, place);
    if (first != null) {
      section.problem(key, "must differ from that of " + first);
    }
  }

  private static String missingOr(String value, String otherwise) {
    return value.isEmpty() ? "missing; " + otherwise : otherwise;
  }
}
