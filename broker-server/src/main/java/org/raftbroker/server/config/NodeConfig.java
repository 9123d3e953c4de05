package org.raftbroker.server.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.raftbroker.config.ConfigSection;
import org.raftbroker.raft.GroupCommitConfig;
import org.raftbroker.raft.archive.ArchiveConfig;
import org.raftbroker.raft.ratis.RaftConfig;
import org.raftbroker.server.cluster.PlacementConfig;
import org.raftbroker.server.console.ConsoleConfig;
import org.raftbroker.server.delivery.DeliveryConfig;
import org.raftbroker.server.grpc.LimitsConfig;
import org.raftbroker.server.http.HttpConfig;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MembershipConfig;
import org.raftbroker.server.membership.jgroups.JGroupsConfig;
import org.raftbroker.server.membership.kubernetes.KubernetesConfig;
import org.raftbroker.server.membership.serf.SerfConfig;
import org.raftbroker.server.peer.PeerConfig;
import org.raftbroker.server.tracing.TracingConfig;
import org.raftbroker.storage.cassandra.CassandraConfig;
import org.raftbroker.storage.postgres.PostgresConfig;
import org.raftbroker.storage.rocksdb.StoreConfig;

/** All that a node is told at start: one record for each section of its file. */
public record NodeConfig(
    ClusterConfig cluster,
    NodeIdentity node,
    ListenConfig listen,
    MembershipConfig membership,
    JGroupsConfig jgroups,
    SerfConfig serf,
    KubernetesConfig kubernetes,
    GroupCommitConfig groupCommit,
    RaftConfig raft,
    StoreConfig store,
    ArchiveConfig archive,
    CassandraConfig cassandra,
    PostgresConfig postgres,
    DeliveryConfig delivery,
    LimitsConfig limits,
    PeerConfig peers,
    PlacementConfig placement,
    HttpConfig http,
    ConsoleConfig console,
    TracingConfig tracing,
    ShutdownConfig shutdown) {

  /**
   * Reads a YAML file with the environment over it.
   *
   * @param environment variables as {@code BROKER_NODE_DATADIR} go before the key they name, here
   *     {@code node.dataDir}; items of a list are numbered from 0, as in {@code
   *     BROKER_CLUSTER_MEMBERS_0_ID}; an empty one counts as not set
   * @throws ConfigException if anything is wrong, naming all of it
   */
  public static NodeConfig load(Path file, Map<String, String> environment) {
    return ConfigFile.read(file, environment, yaml -> read(yaml, environment)).config();
  }

  /**
   * What {@link #load} of the same comes to, key by key, with where each value is from: for people
   * who wonder what a node runs with.
   *
   * @throws ConfigException as there
   */
  public static List<Setting> settings(Path file, Map<String, String> environment) {
    return ConfigFile.read(file, environment, yaml -> read(yaml, environment)).settings();
  }

  private static NodeConfig read(ConfigSection yaml, Map<String, String> environment) {
    ClusterConfig cluster = ClusterConfig.read(yaml.section("cluster"));
    NodeIdentity node = NodeIdentity.read(yaml.section("node"));
    checkIdentity(yaml.section("node"), node, cluster);
    ListenConfig listen = ListenConfig.read(yaml.section("listen"));
    ConfigSection membership = yaml.section("membership");
    boolean hasGossip = find(node, cluster).map(Member::gossip).isPresent();
    MembershipConfig provider = MembershipConfig.read(membership, hasGossip);
    return new NodeConfig(
        cluster,
        node,
        listen,
        provider,
        JGroupsConfig.read(membership.section("jgroups"), cluster.gossipAddresses()),
        SerfConfig.read(membership.section("serf")),
        KubernetesConfig.read(
            membership.section("kubernetes"),
            environment,
            node.id(),
            provider.provider() != MembershipConfig.Provider.STATIC),
        GroupCommitConfig.read(yaml.section("groupCommit")),
        RaftConfig.read(yaml.section("raft")),
        StoreConfig.read(yaml.section("store")),
        ArchiveConfig.read(yaml.section("archive")),
        CassandraConfig.read(yaml.section("cassandra")),
        PostgresConfig.read(yaml.section("postgres")),
        DeliveryConfig.read(yaml.section("delivery")),
        LimitsConfig.read(yaml.section("limits")),
        PeerConfig.read(yaml.section("peers")),
        PlacementConfig.read(yaml.section("placement")),
        HttpConfig.read(yaml.section("http")),
        ConsoleConfig.read(yaml.section("http").section("console")),
        TracingConfig.read(yaml.section("tracing")),
        ShutdownConfig.read(yaml.section("shutdown")));
  }

  private static void checkIdentity(ConfigSection yaml, NodeIdentity node, ClusterConfig cluster) {
    Optional<Member> listed = listed(node, cluster);
    if (listed.isPresent()) {
      for (String key : node.keysUnlike(listed.get())) {
        yaml.problem(key, "must be that of " + node.id() + " in cluster.members, or be left out");
      }
    } else if (!cluster.members().isEmpty() && node.asMember().isEmpty()) {
      String ids = cluster.members().stream().map(Member::id).collect(Collectors.joining(", "));
      yaml.problem(
          "id",
          "must be the id of one of cluster.members: "
              + ids
              + "; or, for a node that joins later, give its addresses: node.grpc, node.raft and"
              + " node.http");
    } else if (node.asMember().isPresent() && !ClusterConfig.isMemberId(node.id())) {
      yaml.problem("id", "must be 1 to 64 of A-Z, a-z, 0-9 and -");
    }
  }

  /** The member that this node is. */
  public Member self() {
    return find(node, cluster).orElseThrow();
  }

  private static Optional<Member> find(NodeIdentity node, ClusterConfig cluster) {
    return listed(node, cluster).or(node::asMember);
  }

  private static Optional<Member> listed(NodeIdentity node, ClusterConfig cluster) {
    return cluster.members().stream().filter(m -> m.id().equals(node.id())).findFirst();
  }

  /** What works but is probably not meant; for the log. */
  public List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    int copies = Math.min(cluster.replicas(), cluster.members().size());
    if (copies % 2 == 0) {
      warnings.add(
          "each shard has "
              + copies
              + " replicas (cluster.replicas, or all of cluster.members), which tolerate no more"
              + " failures than "
              + (copies - 1)
              + "; add or remove one");
    }
    boolean isLocal =
        cluster.members().stream()
            .flatMap(member -> Stream.of(member.grpc(), member.raft()))
            .allMatch(Address::isLoopback);
    if (!cluster.hasOwnSecret() && !isLocal) {
      warnings.add(
          "cluster.secret is not set, so the cluster's name serves: whoever knows it can act as a"
              + " peer; set it to the same random text on every node");
    }
    return warnings;
  }
}
