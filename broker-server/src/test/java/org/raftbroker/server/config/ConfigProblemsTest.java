package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a person is told, word for word. */
class ConfigProblemsTest {
  /** Lines 1 to 10 of a file without fault, for what follows to be the only one. */
  private static final String GOOD =
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
        dataDir: data
      """;

  @TempDir Path directory;

  static Stream<Arguments> badFiles() {
    return Stream.of(
        file(
            "section misspelt",
            GOOD + "groupComit: {}\n",
            "line 11: unknown key groupComit; did you mean groupCommit?"),
        file(
            "key misspelt",
            GOOD + "groupCommit:\n  max-batch-byte: 1MiB\n",
            "line 12: unknown key groupCommit.max-batch-byte; did you mean"
                + " groupCommit.maxBatchBytes?"),
        file(
            "key in the wrong section",
            GOOD + "shards: 3\n",
            "line 11: unknown key shards; did you mean cluster.shards?"),
        file(
            "section unlike any",
            GOOD + "kafka: {brokers: 3}\n",
            "line 11: unknown key kafka; known sections: cluster, node, listen, membership,"
                + " groupCommit, raft, store, archive, cassandra, postgres, delivery, limits, peers,"
                + " placement, http, tracing, shutdown"),
        file(
            "key unlike any",
            GOOD + "shutdown: {xyz: 1}\n",
            "line 11: unknown key shutdown.xyz; known in shutdown: timeout"),
        file(
            "key of a member misspelt",
            GOOD.replace("    http:", "    htp:"),
            "cluster.members[0].http: missing; give it as host:port",
            "line 7: unknown key cluster.members[0].htp; did you mean cluster.members[0].http?"),
        file(
            "key twice",
            GOOD + "shutdown:\n  timeout: 5s\n  timeout: 6s\n",
            "line 13: shutdown.timeout is there twice, first in line 12; remove one"),
        file(
            "text for a number",
            GOOD.replace("  name:", "  shards: three\n  name:"),
            "line 2: cluster.shards is \"three\"; must be a whole number from 1 to 64 (default 3)"),
        file(
            "list for a number",
            GOOD.replace("  name:", "  shards: [3]\n  name:"),
            "line 2: cluster.shards is a list; must be a whole number from 1 to 64 (default 3)"),
        file(
            "section for a number",
            GOOD.replace("  name:", "  shards: {n: 3}\n  name:"),
            "line 2: cluster.shards is a section; must be a whole number from 1 to 64 (default 3)"),
        file(
            "number out of range",
            GOOD.replace("  name:", "  shards: 65\n  name:"),
            "line 2: cluster.shards is \"65\"; must be a whole number from 1 to 64 (default 3)"),
        file(
            "number beyond any",
            GOOD.replace("  name:", "  shards: 99999999999999999999\n  name:"),
            "line 2: cluster.shards is \"99999999999999999999\"; must be a whole number from 1 to"
                + " 64 (default 3)"),
        file(
            "size in a unit that is none",
            GOOD + "groupCommit:\n  maxBatchBytes: 512KB\n",
            "line 12: groupCommit.maxBatchBytes is \"512KB\"; must be a size from 64KiB to 8MiB,"
                + " such as 65536, 64KiB or 4MiB (default 512KiB)"),
        file(
            "size out of range",
            GOOD + "groupCommit:\n  maxBatchBytes: 1GiB\n",
            "line 12: groupCommit.maxBatchBytes is \"1GiB\"; must be a size from 64KiB to 8MiB,"
                + " such as 65536, 64KiB or 4MiB (default 512KiB)"),
        file(
            "backlog that is too small",
            GOOD + "archive:\n  maxBacklogBytes: 1MiB\n",
            "line 12: archive.maxBacklogBytes is \"1MiB\"; must be a size from 16MiB to 16TiB,"
                + " such as 65536, 64KiB or 4MiB (default 8GiB)"),
        file(
            "size beyond any",
            GOOD + "store:\n  blockCacheBytes: 99999999TiB\n",
            "line 12: store.blockCacheBytes is \"99999999TiB\"; must be a size from 4MiB to 64GiB,"
                + " such as 65536, 64KiB or 4MiB (default 32MiB)"),
        file(
            "time without a unit",
            GOOD + "shutdown:\n  timeout: 20\n",
            "line 12: shutdown.timeout is \"20\"; must be a length of time from 1s to 10m, such as"
                + " 250ms, 10s or 5m (default 20s)"),
        file(
            "time out of range",
            GOOD + "shutdown:\n  timeout: 1h\n",
            "line 12: shutdown.timeout is \"1h\"; must be a length of time from 1s to 10m, such as"
                + " 250ms, 10s or 5m (default 20s)"),
        file(
            "HTTP limits out of range",
            GOOD
                + """
                http:
                  threads: 1
                  maxConnections: 7
                  requestTimeout: 500ms
                  responseTimeout: 6m
                """,
            "line 12: http.threads is \"1\"; must be a whole number from 2 to 64 (default 8)",
            "line 13: http.maxConnections is \"7\"; must be a whole number from 8 to 10000 (default"
                + " 100)",
            "line 14: http.requestTimeout is \"500ms\"; must be a length of time from 1s to 5m, such"
                + " as 250ms, 10s or 5m (default 5s)",
            "line 15: http.responseTimeout is \"6m\"; must be a length of time from 1s to 5m, such"
                + " as 250ms, 10s or 5m (default 30s)"),
        file(
            "flag that is none",
            GOOD + "store:\n  compress: yes\n",
            "line 12: store.compress is \"yes\"; must be true or false (default true)"),
        file(
            "value for a section",
            GOOD + "store: 5\n",
            "line 11: store is \"5\"; must be a section: indented keys below it"),
        file(
            "list for a section",
            GOOD + "store:\n  - 5\n",
            "line 11: store is a list; must be a section: indented keys below it"),
        file(
            "section for a list",
            """
            cluster:
              name: local
              members:
                n1: 127.0.0.1
            node: {id: n1, dataDir: data}
            """,
            "line 3: cluster.members is a section; must be a list of sections, each beginning with"
                + " \"- \""),
        file(
            "values for members",
            """
            cluster: {name: local, members: [n1]}
            node: {id: n1, dataDir: data}
            """,
            "line 1: cluster.members[0] is \"n1\"; must be a section: keys with values",
            "line 2: node.id is \"n1\"; must be the id of one of cluster.members: ; or, for a node that"
                + " joins later, give its addresses: node.grpc, node.raft and node.http"),
        file(
            "nearly nothing",
            "cluster: {}\n",
            "cluster.name: missing; must be 1 to 64 of a-z, 0-9 and -",
            "cluster.members: missing; list the first nodes with their id, grpc, raft and http address",
            "node.id: missing; name the member that this node is",
            "node.dataDir: missing; name the directory for this node's log and store"),
        file(
            "bad names",
            GOOD.replace("name: local", "name: My Cluster").replace("id: n1", "id: n_1"),
            "line 2: cluster.name is \"My Cluster\"; must be 1 to 64 of a-z, 0-9 and -",
            "line 4: cluster.members[0].id is \"n_1\"; must be 1 to 64 of A-Z, a-z, 0-9 and -"),
        file(
            "unknown self",
            GOOD.replace("  id: n1\n  data", "  id: n2\n  data"),
            "line 9: node.id is \"n2\"; must be the id of one of cluster.members: n1; or, for a node"
                + " that joins later, give its addresses: node.grpc, node.raft and node.http"),
        file(
            "a listed node with other addresses of its own",
            GOOD + "  raft: 127.0.0.1:9191\n  grpc: 127.0.0.1:9092\n  gossip: 0.0.0.0:9291\n",
            "line 13: node.gossip is \"0.0.0.0:9291\"; nobody can dial that; name the address that"
                + " the others reach, and put this one under listen.gossip",
            "line 12: node.grpc is \"127.0.0.1:9092\"; must be that of n1 in cluster.members, or be"
                + " left out"),
        file(
            "a node that joins, with a bad id",
            GOOD.replace("  id: n1\n  data", "  id: n_1\n  data")
                + "  raft: 10.0.0.1:9191\n  grpc: 10.0.0.1:9091\n  http: 10.0.0.1:9391\n",
            "line 9: node.id is \"n_1\"; must be 1 to 64 of A-Z, a-z, 0-9 and -"),
        file(
            "gossip without an address",
            GOOD + "membership: {provider: jgroups}\n",
            "line 11: membership.provider is \"jgroups\"; needs a gossip address of this node: give"
                + " its entry in cluster.members one, or set node.gossip"),
        file(
            "kubernetes without a pod",
            GOOD + "membership: {kubernetes: {enabled: true}}\n",
            "line 11: membership.kubernetes.enabled is \"true\"; needs membership.provider jgroups or"
                + " serf; static does not see who is there",
            "membership.kubernetes.api: must be https://host:port, as https://10.0.0.1:6443, where"
                + " the variable KUBERNETES_SERVICE_HOST, which every pod has, is not there",
            "membership.kubernetes.statefulSet: must be the StatefulSet of which node.id is a pod,"
                + " as broker of broker-0; node.id is \"n1\""),
        file(
            "bad kubernetes",
            GOOD.replace("n1", "b-1")
                + """
                membership:
                  provider: serf
                  kubernetes:
                    enabled: true
                    api: http://10.0.0.1:8001
                    namespace: a_b
                    statefulSet: c
                    goneAfter: 1s
                """,
            "line 18: membership.kubernetes.goneAfter is \"1s\"; must be a length of time from 10s to"
                + " 24h, such as 250ms, 10s or 5m (default 1m)",
            "line 15: membership.kubernetes.api is \"http://10.0.0.1:8001\"; must be"
                + " https://host:port without a path, as https://10.0.0.1:6443, or http:// to a"
                + " loopback address, as of kubectl proxy",
            "line 16: membership.kubernetes.namespace is \"a_b\"; must be 1 to 63 of a-z, 0-9 and -,"
                + " as Kubernetes wants it",
            "line 17: membership.kubernetes.statefulSet is \"c\"; must be the StatefulSet of which"
                + " node.id is a pod, as broker of broker-0; node.id is \"b-1\""),
        file(
            "bad membership",
            GOOD
                + """
                membership:
                  provider: zookeeper
                  jgroups: {contacts: "10.0.0.1:9291,10.0.0.2", dns: gossip, failureTimeout: 1ms}
                  serf: {rpc: 7373, authKey: hush, reconnectInterval: 1h}
                """,
            "line 12: membership.provider is \"zookeeper\"; must be one of jgroups, serf, static"
                + " (default jgroups if this node has a gossip address, else static)",
            "line 13: membership.jgroups.contacts is \"10.0.0.1:9291,10.0.0.2\"; must be host:port,"
                + " several separated by commas, as 10.0.0.1:9291,10.0.0.2:9291: \"10.0.0.2\" is not"
                + " host:port",
            "line 13: membership.jgroups.dns is \"gossip\"; must be name:port, as"
                + " broker-gossip:9291: \"gossip\" is not host:port",
            "line 13: membership.jgroups.failureTimeout is \"1ms\"; must be a length of time from 1s"
                + " to 5m, such as 250ms, 10s or 5m (default 6s)",
            "line 14: membership.serf.rpc is \"7373\"; must be host:port, as 127.0.0.1:7373:"
                + " \"7373\" is not host:port",
            "line 14: membership.serf.reconnectInterval is \"1h\"; must be a length of time from"
                + " 100ms to 5m, such as 250ms, 10s or 5m (default 5s)"),
        file(
            "one id for two, one address for two",
            """
            cluster:
              name: local
              members:
                - {id: n1, grpc: "h:1", raft: "h:2", http: "h:3"}
                - {id: n1, grpc: "g:1", raft: "H:1", http: "g:3"}
            node: {id: n1, dataDir: data}
            """,
            "line 5: cluster.members[1].id is \"n1\"; must differ from that of cluster.members[0]",
            "line 5: cluster.members[1].raft is \"H:1\"; must differ from that of"
                + " cluster.members[0].grpc"),
        file(
            "bad addresses",
            """
            cluster:
              name: local
              members:
                - id: n1
                  grpc: 127.0.0.1
                  raft: 127.0.0.1:99999
                  http: 0.0.0.0:9391
            node: {id: n1, dataDir: data}
            listen: {grpc: "0.0.0.0:9091", raft: "::1:9091", http: "0.0.0.0:9091"}
            """,
            "line 5: cluster.members[0].grpc is \"127.0.0.1\"; must be host:port, as 10.0.0.1:9091"
                + " or [::1]:9091: \"127.0.0.1\" is not host:port",
            "line 6: cluster.members[0].raft is \"127.0.0.1:99999\"; must be host:port, as"
                + " 10.0.0.1:9091 or [::1]:9091: port 99999 is not from 1 to 65535",
            "line 7: cluster.members[0].http is \"0.0.0.0:9391\"; nobody can dial that; name the"
                + " address that the others reach, and put this one under listen.http",
            "line 9: listen.raft is \"::1:9091\"; must be host:port, as 10.0.0.1:9091 or"
                + " [::1]:9091: \"::1:9091\" is not host:port; write an IPv6 address as"
                + " [address]:port",
            "line 9: listen.http is \"0.0.0.0:9091\"; must differ from listen.grpc"),
        file(
            "secret that fits no header",
            GOOD.replace("  name:", "  secret: pass word\n  name:"),
            "line 2: cluster.secret is not shown; must be 1 to 256 visible ASCII characters without"
                + " spaces (default the name)"),
        file(
            "empty secret",
            GOOD.replace("  name:", "  secret: ''\n  name:"),
            "line 2: cluster.secret is not shown; must be 1 to 256 visible ASCII characters without"
                + " spaces (default the name)"),
        file(
            "alias",
            GOOD.replace("name: local", "name: &x local")
                .replace("id: n1\n  data", "id: *x\n  data"),
            "line 9: node.id begins with *, which YAML takes for an alias; quote it, or write it out"),
        file(
            "value that would break the line",
            GOOD.replace("name: local", "name: \"a\\nb\\e[31m" + "x".repeat(100) + "\""),
            "line 2: cluster.name is \"a\\u000ab\\u001b[31m"
                + "x".repeat(52)
                + "…\"; must be 1 to 64 of a-z, 0-9 and -"),
        file(
            "path that no file system has",
            GOOD.replace("dataDir: data", "dataDir: \"da\\0ta\""),
            "line 10: node.dataDir is \"da\\u0000ta\"; must be a path: Nul character not allowed"),
        file(
            "two documents",
            GOOD + "---\nnode: {}\n",
            "line 12: a second YAML document begins; one file holds one"),
        file(
            "list at the top",
            "- a\n",
            "line 1: the file is a list; it must be a map of sections, such as \"cluster:\" with"
                + " indented keys below"),
        file(
            "text at the top",
            "hello\n",
            "line 1: the file is a value; it must be a map of sections, such as \"cluster:\" with"
                + " indented keys below"),
        file("empty", "", "the file is empty; it needs at least the sections cluster and node"),
        file(
            "comments only",
            "# nothing\n",
            "the file is empty; it needs at least the sections cluster and node"),
        file(
            "tab",
            "cluster:\n\tname: x\n",
            "line 2, column 1: not YAML: found character '\\t(TAB)' that cannot start any token."
                + " (Do not use \\t(TAB) for indentation) (while scanning for the next token)"),
        file(
            "colon in a value",
            "cluster:\n  secret: a: b\n",
            "line 2, column 12: not YAML: mapping values are not allowed here"),
        file(
            "bracket open",
            "cluster: {name: x\n",
            "line 2, column 1: not YAML: expected ',' or '}', but got <stream end> (while parsing a"
                + " flow mapping)"),
        file(
            "key that is a list",
            "? [a]\n: b\n",
            "line 1: not YAML: Expected a property name (Scalar value in YAML), got this"
                + " instead: +SEQ []"),
        file(
            "control character",
            "cluster:\n  name: \u0001\n",
            "line 2: not YAML: character U+0001 is not allowed"),
        file(
            "control character at once",
            "\u0001",
            "line 1: not YAML: character U+0001 is not allowed"),
        file(
            "secret that is YAML's alias",
            GOOD.replace("  name:", "  secret: *hush\n  name:"),
            "line 2: cluster.secret begins with *, which YAML takes for an alias; quote it, or write"
                + " it out"));
  }

  private static Arguments file(String name, String yaml, String... problems) {
    return argumentSet(name, yaml, List.of(problems));
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void aBadFileIsRefusedWithWhatToDo(String yaml, List<String> problems) throws IOException {
    assertThat(problems(yaml, Map.of())).containsExactlyElementsOf(problems);
  }

  static Stream<Arguments> badVariables() {
    return Stream.of(
        variable(
            "BROKER_NODE_DATADR",
            "/data",
            "unknown variable BROKER_NODE_DATADR; did you mean BROKER_NODE_DATADIR?"),
        variable(
            "BROKER_NODE_DATA_DIR",
            "/data",
            "unknown variable BROKER_NODE_DATA_DIR; did you mean BROKER_NODE_DATADIR?"),
        variable(
            "BROKER_LOG_LEVLE",
            "INFO",
            "unknown variable BROKER_LOG_LEVLE; did you mean BROKER_LOG_LEVEL?"),
        variable(
            "BROKER_KAFKA_BROKERS",
            "3",
            "unknown variable BROKER_KAFKA_BROKERS; every BROKER_ variable must be the path of a"
                + " key, as BROKER_NODE_DATADIR is for node.dataDir"),
        variable(
            "BROKER_CLUSTER_MEMBERS",
            "a,b,c",
            "BROKER_CLUSTER_MEMBERS is no single value: cluster.members is a list; set its keys one"
                + " by one, as in BROKER_CLUSTER_MEMBERS_0_ID"),
        variable(
            "BROKER_GROUPCOMMIT",
            "x",
            "BROKER_GROUPCOMMIT is no single value: groupCommit is a section; set its keys one by"
                + " one, as in BROKER_GROUPCOMMIT_MAXBATCHBYTES"),
        variable(
            "BROKER_CLUSTER_SHARDS",
            "0",
            "BROKER_CLUSTER_SHARDS is \"0\"; must be a whole number from 1 to 64 (default 3)"),
        variable(
            "BROKER_CLUSTER_SECRET",
            "pass word",
            "BROKER_CLUSTER_SECRET is not shown; must be 1 to 256 visible ASCII characters without"
                + " spaces (default the name)"),
        variable(
            "BROKER_NODE_ID",
            "n9",
            "BROKER_NODE_ID is \"n9\"; must be the id of one of cluster.members: n1; or, for a node that"
                + " joins later, give its addresses: node.grpc, node.raft and node.http"),
        variable(
            "BROKER_LOG_FORMAT",
            "JSON",
            "BROKER_LOG_FORMAT is \"JSON\"; must be one of text, json (default text)"),
        variable(
            "BROKER_LOG_LEVEL",
            "loud",
            "BROKER_LOG_LEVEL is \"loud\"; must be one of INFO, DEBUG, TRACE, WARN, ERROR, OFF"
                + " (default INFO)"),
        variable(
            "BROKER_CLUSTER_MEMBERS_7_ID",
            "n7",
            "unknown variable BROKER_CLUSTER_MEMBERS_7_ID; did you mean"
                + " BROKER_CLUSTER_MEMBERS_0_ID?"));
  }

  private static Arguments variable(String name, String value, String problem) {
    return argumentSet(name, name, value, problem);
  }

  @ParameterizedTest
  @MethodSource("badVariables")
  void aBadVariableIsRefusedWithWhatToDo(String name, String value, String problem)
      throws IOException {
    assertThat(problems(GOOD, Map.of(name, value))).containsExactly(problem);
  }

  @Test
  void allProblemsAreNamedAtOnce() throws IOException {
    String yaml =
        """
        cluster:
          shards: 100
          members: []
        groupComit: {}
        """;

    Path file = Files.writeString(directory.resolve("broker.yaml"), yaml);
    ConfigException refusal = refusal(file, Map.of("BROKER_NODE_IDD", "n1"));

    assertThat(refusal)
        .hasMessage(
            "7 problems in the configuration "
                + file
                + ":\n"
                + "  cluster.name: missing; must be 1 to 64 of a-z, 0-9 and -\n"
                + "  line 2: cluster.shards is \"100\"; must be a whole number from 1 to 64 (default"
                + " 3)\n"
                + "  cluster.members: missing; list the first nodes with their id, grpc, raft and http"
                + " address\n"
                + "  node.id: missing; name the member that this node is\n"
                + "  node.dataDir: missing; name the directory for this node's log and store\n"
                + "  line 4: unknown key groupComit; did you mean groupCommit?\n"
                + "  unknown variable BROKER_NODE_IDD; did you mean BROKER_NODE_ID?");
  }

  @Test
  void aMissingFileIsNamedWithWhereItWasLookedFor() {
    Path file = directory.resolve("a").resolve("..").resolve("absent.yaml");

    assertThat(refusal(file, Map.of()).problems())
        .containsExactly(
            "there is no such file (looked for " + directory.resolve("absent.yaml") + ")");
  }

  @Test
  void aDirectoryIsNoFile() {
    assertThat(refusal(directory, Map.of()).problems())
        .containsExactly("this is a directory; name the file in it");
  }

  @Test
  void aFileOfAnotherUserIsNamedWithWhoMayNotReadIt() throws IOException {
    Path file = Files.writeString(directory.resolve("broker.yaml"), GOOD);
    Files.setPosixFilePermissions(file, Set.of());
    assumeFalse(Files.isReadable(file), "this user may read everything");

    assertThat(refusal(file, Map.of()).problems())
        .containsExactly(
            "the file must not be read by the user "
                + System.getProperty("user.name")
                + "; change its owner or mode");
  }

  @Test
  void otherEncodingsAreRefusedRatherThanMisread() throws IOException {
    Path file =
        Files.write(
            directory.resolve("latin.yaml"),
            "cluster: {name: k\u00f6ln}\n".getBytes(StandardCharsets.ISO_8859_1));

    assertThat(refusal(file, Map.of()).problems()).containsExactly("the file is not UTF-8 text");
  }

  @Test
  void aHugeFileIsNotReadToItsEnd() {
    assertThat(refusal(Path.of("/dev/zero"), Map.of()).problems())
        .containsExactly("the file is larger than 1MiB; that is no configuration");
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstKey() throws IOException {
    Path file = Files.writeString(directory.resolve("bom.yaml"), "\uFEFF" + GOOD);

    assertThat(NodeConfig.load(file, Map.of()).node().id()).isEqualTo("n1");
  }

  private List<String> problems(String yaml, Map<String, String> environment) throws IOException {
    return refusal(Files.writeString(directory.resolve("broker.yaml"), yaml), environment)
        .problems();
  }

  private static ConfigException refusal(Path file, Map<String, String> environment) {
    return catchThrowableOfType(ConfigException.class, () -> NodeConfig.load(file, environment));
  }
}
