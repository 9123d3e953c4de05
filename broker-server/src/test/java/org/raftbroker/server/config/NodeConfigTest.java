package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.raft.GroupCommitConfig;
import org.raftbroker.raft.archive.ArchiveConfig;
import org.raftbroker.server.http.HttpConfig;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.membership.Member;
import org.raftbroker.server.membership.MembershipConfig;
import org.raftbroker.server.membership.jgroups.JGroupsConfig;
import org.raftbroker.server.membership.kubernetes.KubernetesConfig;
import org.raftbroker.server.membership.serf.SerfConfig;
import org.raftbroker.storage.cassandra.CassandraConfig;
import org.raftbroker.storage.postgres.PostgresConfig;
import org.raftbroker.storage.rocksdb.StoreConfig;

class NodeConfigTest {
  private static final String SMALLEST =
      """
      cluster:
        name: local
        members:
          - id: n1
            grpc: 127.0.0.1:9091
            raft: 127.0.0.1:9191
            http: 127.0.0.1:9391
      node:
        id: n1
        dataDir: ./data/n1
      """;

  @TempDir Path directory;

  @Test
  void absentSectionsHaveTheDefaults() throws IOException {
    NodeConfig config = load(SMALLEST, Map.of());

    assertThat(config.cluster().shards()).isEqualTo(3);
    assertThat(config.cluster().replicas()).isEqualTo(3);
    assertThat(config.groupCommit()).isEqualTo(GroupCommitConfig.DEFAULT);
    assertThat(config.store()).isEqualTo(StoreConfig.DEFAULT);
    assertThat(config.archive()).isEqualTo(ArchiveConfig.DEFAULT);
    assertThat(config.cassandra()).isEqualTo(CassandraConfig.DEFAULT);
    assertThat(config.postgres()).isEqualTo(PostgresConfig.DEFAULT);
    assertThat(config.http()).isEqualTo(HttpConfig.DEFAULT);
    assertThat(config.shutdown()).isEqualTo(new ShutdownConfig(Duration.ofSeconds(20)));
    assertThat(config.node())
        .isEqualTo(new NodeIdentity("n1", Path.of("./data/n1"), null, null, null, null));
    assertThat(config.self())
        .isEqualTo(
            new Member(
                "n1",
                new Address("127.0.0.1", 9091),
                new Address("127.0.0.1", 9191),
                new Address("127.0.0.1", 9391)));
    assertThat(config.listen().grpc(config.self())).isEqualTo(new Address("127.0.0.1", 9091));
    assertThat(config.listen().raft(config.self())).isEqualTo(new Address("127.0.0.1", 9191));
    assertThat(config.listen().http(config.self())).isEqualTo(new Address("127.0.0.1", 9391));
    assertThat(config.cluster().secret().reveal()).isEqualTo("local");
    assertThat(config.warnings()).isEmpty();
  }

  @Test
  void everyKeyIsRead() throws IOException {
    NodeConfig config =
        load(
            """
            cluster:
              name: orders-7
              secret: 0s3cret!
              shards: 64
              members:
                - {id: a, grpc: "a.example:1", raft: "a.example:2", http: "a.example:3"}
                - {id: b, grpc: "[::1]:1", raft: "[::1]:2", http: "[::1]:3"}
                - {id: C-3, grpc: "c.example:1", raft: "c.example:2", http: "c.example:65535"}
            node: {id: b, dataDir: /var/lib/raftbroker}
            listen:
              grpc: 0.0.0.0:1
              raft: 0.0.0.0:2
              http: "[::]:3"
            groupCommit:
              maxBatchBytes: 1MiB
              maxBatchMessages: 100
              maxPendingBytes: 64 MiB
              commitTimeout: 250ms
            store:
              blockCacheBytes: 1GiB
              writeBufferBytes: 67108864
              backgroundThreads: 4
              compress: false
            archive:
              enabled: true
              maxBacklogBytes: 1GiB
              interval: 250ms
              maxStepMessages: 500
              maxStepBytes: 1MiB
            cassandra: {keyspace: archive, password: hidden, username: somebody}
            postgres: {schema: catalog, password: hidden}
            http:
              threads: 4
              maxConnections: 10
              requestTimeout: 2s
              responseTimeout: 1m
            shutdown:
              timeout: 5m
            """,
            Map.of());

    assertThat(config.cluster().name()).isEqualTo("orders-7");
    assertThat(config.cluster().secret().reveal()).isEqualTo("0s3cret!");
    assertThat(config.cluster().shards()).isEqualTo(64);
    assertThat(config.cluster().members()).extracting(Member::id).containsExactly("a", "b", "C-3");
    assertThat(config.self().grpc()).isEqualTo(new Address("::1", 1));
    assertThat(config.listen().http(config.self())).isEqualTo(new Address("::", 3));
    assertThat(config.groupCommit())
        .isEqualTo(new GroupCommitConfig(1 << 20, 100, 64 << 20, Duration.ofMillis(250)));
    assertThat(config.store()).isEqualTo(new StoreConfig(1 << 30, 64 << 20, 4, false));
    assertThat(config.archive())
        .isEqualTo(new ArchiveConfig(true, 1 << 30, Duration.ofMillis(250), 500, 1 << 20));
    assertThat(config.cassandra().keyspace()).isEqualTo("archive");
    assertThat(config.postgres().schema()).isEqualTo("catalog");
    assertThat(config.toString()).doesNotContain("hidden");
    assertThat(config.http())
        .isEqualTo(new HttpConfig(4, 10, Duration.ofSeconds(2), Duration.ofMinutes(1)));
    assertThat(config.shutdown().timeout()).isEqualTo(Duration.ofMinutes(5));
  }

  @Test
  void aNodeThatJoinsLaterGivesItsOwnAddresses() throws IOException {
    NodeConfig config =
        load(
            SMALLEST
                    .replace("9391\n", "9391\n      gossip: 127.0.0.1:9291\n")
                    .replace("  id: n1\n  data", "  id: n9\n  data")
                + """
                  grpc: 10.0.0.9:9091
                  raft: 10.0.0.9:9191
                  http: 10.0.0.9:9391
                  gossip: 10.0.0.9:9291
                """,
            Map.of());

    assertThat(config.self())
        .isEqualTo(
            new Member(
                "n9",
                new Address("10.0.0.9", 9091),
                new Address("10.0.0.9", 9191),
                new Address("10.0.0.9", 9391),
                new Address("10.0.0.9", 9291),
                ""));
    assertThat(config.listen().gossip(config.self())).isEqualTo(new Address("10.0.0.9", 9291));
    assertThat(config.membership().provider()).isEqualTo(MembershipConfig.Provider.JGROUPS);
    assertThat(config.jgroups().contacts()).containsExactly(new Address("127.0.0.1", 9291));
  }

  @Test
  void membershipIsStaticWithoutAGossipAddress() throws IOException {
    NodeConfig config = load(SMALLEST, Map.of());

    assertThat(config.membership())
        .isEqualTo(new MembershipConfig(MembershipConfig.Provider.STATIC, Duration.ofDays(1)));
    assertThat(config.jgroups())
        .isEqualTo(new JGroupsConfig(List.of(), null, Duration.ofSeconds(6), 10));
    assertThat(config.serf())
        .isEqualTo(new SerfConfig(new Address("127.0.0.1", 7373), "", Duration.ofSeconds(5)));
  }

  @Test
  void everyKeyOfMembershipIsRead() throws IOException {
    NodeConfig config =
        load(
            SMALLEST
                + """
                listen: {gossip: "0.0.0.0:9291"}
                membership:
                  provider: serf
                  forgetAfter: 48h
                  jgroups:
                    contacts: 10.0.0.1:9291, 10.0.0.2:9292
                    dns: broker-gossip:9291
                    failureTimeout: 3s
                    failurePortOffset: 1000
                  serf:
                    rpc: 127.0.0.1:7374
                    authKey: hidden
                    reconnectInterval: 200ms
                """,
            Map.of());

    assertThat(config.membership())
        .isEqualTo(new MembershipConfig(MembershipConfig.Provider.SERF, Duration.ofDays(2)));
    assertThat(config.jgroups())
        .isEqualTo(
            new JGroupsConfig(
                List.of(new Address("10.0.0.1", 9291), new Address("10.0.0.2", 9292)),
                new Address("broker-gossip", 9291),
                Duration.ofSeconds(3),
                1000));
    assertThat(config.serf())
        .isEqualTo(
            new SerfConfig(new Address("127.0.0.1", 7374), "hidden", Duration.ofMillis(200)));
    assertThat(config.toString()).doesNotContain("hidden");
    assertThat(config.listen().gossip(config.self())).isEqualTo(new Address("0.0.0.0", 9291));
  }

  @Test
  void everyKeyOfKubernetesIsRead() throws IOException {
    NodeConfig config =
        load(
            SMALLEST.replace("n1", "broker-1")
                + """
                membership:
                  provider: serf
                  kubernetes:
                    enabled: true
                    api: http://127.0.0.1:8001
                    namespace: prod
                    statefulSet: broker
                    labelSelector: app=b
                    tokenFile: /t/token
                    caFile: /t/ca
                    namespaceFile: /t/ns
                    connectTimeout: 1s
                    requestTimeout: 2s
                    watchTimeout: 30s
                    reconnectInterval: 4s
                    goneAfter: 5m
                """,
            Map.of());

    assertThat(config.kubernetes())
        .isEqualTo(
            new KubernetesConfig(
                true,
                "http://127.0.0.1:8001",
                "prod",
                "broker",
                "app=b",
                Path.of("/t/token"),
                Path.of("/t/ca"),
                Path.of("/t/ns"),
                Duration.ofSeconds(1),
                Duration.ofSeconds(2),
                Duration.ofSeconds(30),
                Duration.ofSeconds(4),
                Duration.ofMinutes(5)));
  }

  @Test
  void aPodNeedsOnlyToEnableKubernetes() throws IOException {
    NodeConfig config =
        load(
            SMALLEST.replace("n1", "my-broker-12")
                + "membership: {provider: serf, kubernetes: {enabled: true}}\n",
            Map.of("KUBERNETES_SERVICE_HOST", "fd00::1", "KUBERNETES_SERVICE_PORT", "6443"));

    String files = "/var/run/secrets/kubernetes.io/serviceaccount/";
    assertThat(config.kubernetes())
        .isEqualTo(
            new KubernetesConfig(
                true,
                "https://[fd00::1]:6443",
                "",
                "my-broker",
                "app.kubernetes.io/name=raftbroker",
                Path.of(files + "token"),
                Path.of(files + "ca.crt"),
                Path.of(files + "namespace"),
                Duration.ofSeconds(3),
                Duration.ofSeconds(10),
                Duration.ofMinutes(5),
                Duration.ofSeconds(10),
                Duration.ofMinutes(1)));
    assertThat(load(SMALLEST, Map.of()).kubernetes().enabled()).isFalse();
  }

  @Test
  void variablesGoBeforeTheFile() throws IOException {
    NodeConfig config =
        load(
            SMALLEST,
            Map.of(
                "BROKER_NODE_DATADIR", "/data",
                "BROKER_CLUSTER_SHARDS", "7",
                "BROKER_CLUSTER_MEMBERS_0_GRPC", "10.0.0.1:9091",
                "BROKER_GROUPCOMMIT_MAXBATCHBYTES", "1MiB",
                "BROKER_SHUTDOWN_TIMEOUT", "",
                "PATH", "/bin"));

    assertThat(config.node().dataDir()).isEqualTo(Path.of("/data"));
    assertThat(config.cluster().shards()).isEqualTo(7);
    assertThat(config.self().grpc()).isEqualTo(new Address("10.0.0.1", 9091));
    assertThat(config.self().raft()).isEqualTo(new Address("127.0.0.1", 9191));
    assertThat(config.groupCommit().maxBatchBytes()).isEqualTo(1 << 20);
    assertThat(config.shutdown().timeout()).isEqualTo(Duration.ofSeconds(20));
  }

  @Test
  void variablesLengthenTheListOfMembers() throws IOException {
    NodeConfig config =
        load(
            SMALLEST,
            Map.of(
                "BROKER_CLUSTER_MEMBERS_1_ID", "n2",
                "BROKER_CLUSTER_MEMBERS_1_GRPC", "127.0.0.1:9092",
                "BROKER_CLUSTER_MEMBERS_1_RAFT", "127.0.0.1:9192",
                "BROKER_CLUSTER_MEMBERS_1_HTTP", "127.0.0.1:9392"));

    assertThat(config.cluster().members()).extracting(Member::id).containsExactly("n1", "n2");
  }

  @Test
  void aFileOfCommentsAndVariablesForTheRestWillDo() throws IOException {
    NodeConfig config =
        load(
            "cluster:\nnode: # all from the environment\n",
            Map.of(
                "BROKER_CLUSTER_NAME", "local",
                "BROKER_CLUSTER_MEMBERS_0_ID", "n1",
                "BROKER_CLUSTER_MEMBERS_0_GRPC", "127.0.0.1:9091",
                "BROKER_CLUSTER_MEMBERS_0_RAFT", "127.0.0.1:9191",
                "BROKER_CLUSTER_MEMBERS_0_HTTP", "127.0.0.1:9391",
                "BROKER_NODE_ID", "n1",
                "BROKER_NODE_DATADIR", "/data"));

    assertThat(config.self().id()).isEqualTo("n1");
  }

  @Test
  void whatKubernetesSetsForAServiceNamedBrokerIsNoSetting() throws IOException {
    NodeConfig config =
        load(
            SMALLEST,
            Map.of(
                "BROKER_SERVICE_HOST", "10.96.0.7",
                "BROKER_SERVICE_PORT", "9091",
                "BROKER_SERVICE_PORT_GRPC", "9091",
                "BROKER_PORT", "tcp://10.96.0.7:9091",
                "BROKER_PORT_9091_TCP", "tcp://10.96.0.7:9091",
                "BROKER_PORT_9091_TCP_ADDR", "10.96.0.7",
                "BROKER_HEADLESS_SERVICE_HOST", "10.96.0.8",
                "BROKER_LOG_LEVEL", "debug",
                "BROKER_LOG_FORMAT", "json"));

    assertThat(config.node().id()).isEqualTo("n1");
  }

  @Test
  void anEvenNumberOfReplicasIsAllowedWithAWarning() throws IOException {
    NodeConfig two = load(members("10.0.0.1", "10.0.0.2"), Map.of());
    NodeConfig four =
        load(
            members("10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"),
            Map.of("BROKER_CLUSTER_REPLICAS", "4"));

    assertThat(four.warnings())
        .first(STRING)
        .startsWith("each shard has 4 replicas")
        .contains("no more failures than 3");
    assertThat(two.warnings())
        .containsExactly(
            "each shard has 2 replicas (cluster.replicas, or all of cluster.members), which tolerate"
                + " no more failures than 1; add or remove one",
            "cluster.secret is not set, so the cluster's name serves: whoever knows it can act as a"
                + " peer; set it to the same random text on every node");
  }

  @Test
  void fourMembersWithThreeReplicasOfEachShardAreAsGoodAsThree() throws IOException {
    NodeConfig config = load(members("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"), Map.of());

    assertThat(config.warnings()).isEmpty();
  }

  @Test
  void aClusterOfOneMachineNeedsNoSecret() throws IOException {
    NodeConfig config = load(members("localhost", "127.0.0.2", "[::1]"), Map.of());

    assertThat(config.warnings()).isEmpty();
  }

  @Test
  void everySettingIsListedWithItsSource() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("broker.yaml"), SMALLEST + "store:\n  blockCacheBytes: 65536KiB\n");

    List<Setting> settings =
        NodeConfig.settings(
            file, Map.of("BROKER_CLUSTER_SECRET", "hush-hush", "BROKER_CLUSTER_SHARDS", "5"));

    assertThat(settings)
        .extracting(Setting::toString)
        .startsWith(
            "cluster.name = local  # line 2",
            "cluster.secret = (not shown)  # BROKER_CLUSTER_SECRET",
            "cluster.shards = 5  # BROKER_CLUSTER_SHARDS",
            "cluster.replicas = 3  # default",
            "cluster.members[0].id = n1  # line 4")
        .contains(
            "listen.grpc = (not set)  # default",
            "store.blockCacheBytes = 64MiB  # line 12",
            "groupCommit.commitTimeout = 10s  # default")
        .noneMatch(line -> line.contains("hush"));
  }

  @Test
  void theSecretIsNeverPrinted() throws IOException {
    NodeConfig config = load(SMALLEST, Map.of("BROKER_CLUSTER_SECRET", "hush-hush"));

    assertThat(config.cluster().secret().reveal()).isEqualTo("hush-hush");
    assertThat(config.toString()).contains("(not shown)").doesNotContain("hush");
  }

  /** One member for each host, the first of them this node. */
  private static String members(String... hosts) {
    StringBuilder yaml = new StringBuilder("cluster:\n  name: local\n  members:\n");
    for (int i = 0; i < hosts.length; i++) {
      yaml.append("    - {id: n").append(i);
      int port = 9090;
      for (String kind : List.of("grpc", "raft", "http")) {
        yaml.append(", ").append(kind).append(": \"").append(hosts[i]).append(":").append(port++);
        yaml.append('"');
      }
      yaml.append("}\n");
    }
    return yaml.append("node: {id: n0, dataDir: data}\n").toString();
  }

  private NodeConfig load(String yaml, Map<String, String> environment) throws IOException {
    Path file = Files.writeString(directory.resolve("broker.yaml"), yaml);
    return NodeConfig.load(file, environment);
  }
}
