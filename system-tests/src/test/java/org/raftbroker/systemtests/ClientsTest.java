package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.systemtests.cluster.LocalCluster;

/**
 * The clients in other languages of {@code clients}, generated and built from the contract as it
 * is, and grpcurl, against real nodes that are killed under them.
 */
@Tag("system")
@SharedCluster.Shape(nodes = 3, shards = 1)
class ClientsTest {
  private static final Duration BOUND = Duration.ofMinutes(1);
  private static final int LINES = 400;
  private static final int HALF = LINES / 2;
  private static final int FEW = 50;
  private static final String NO_SUBJECT = "";

  @ParameterizedTest
  @ValueSource(strings = {"go", "python", "node"})
  void publishesSubscribesAndFetchesWhileItsNodeTheLeaderIsKilled(
      String language, LocalCluster cluster) throws InterruptedException {
    ClientProgram.build(language);
    int leader = cluster.leaderOf(0);
    // A client keeps to the first node that serves.
    String servers =
        IntStream.range(0, cluster.size())
            .mapToObj(n -> address(cluster, (leader - 1 + n) % cluster.size() + 1))
            .collect(Collectors.joining(","));

    try (ClientProgram tour =
        ClientProgram.start(language, "--servers", servers, "tour-of-" + language)) {
      tour.input(lines(1, HALF));
      Awaitility.await(FEW + " lines are published")
          .atMost(BOUND)
          .pollInterval(Duration.ofMillis(10))
          .until(() -> tour.printed("published").size() >= FEW || !tour.isRunning());
      cluster.node(leader).kill();
      assertThat(tour.printed("published"))
          .as("published when the node died; it said: %s", tour.complaints())
          .hasSizeBetween(FEW, HALF - 1);
      cluster.restart(leader);
      tour.input(lines(HALF + 1, LINES));
      tour.endOfInput();

      assertThat(tour.awaitEnd(BOUND)).as("exit code; it said: %s", tour.complaints()).isZero();
      assertThat(tour.printed("published")).isEqualTo(linesWithIds());
      assertThat(tour.printed("received")).isEqualTo(linesWithIds());
      assertThat(tour.printed("fetched"))
          .isEqualTo(List.of("1 line 1", "201 line 201", "400 line 400"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"go", "python", "node"})
  void saysWhyItIsRefused(String language, LocalCluster cluster, @TempDir Path directory)
      throws InterruptedException, IOException {
    ClientProgram.build(language);

    Path input = Files.writeString(directory.resolve("input"), "line\n");

    try (ClientProgram tour =
        ClientProgram.startWithInput(
            input, language, "--servers", address(cluster, 1), NO_SUBJECT)) {
      assertThat(tour.awaitEnd(BOUND)).isEqualTo(1);
      assertThat(tour.complaints()).matches("error: .* SUBJECT_INVALID: .*subject.*");
      assertThat(tour.printed()).isEmpty();
    }
  }

  @Test
  void grpcurlNeedsNoFileBecauseNodesAnswerReflection(LocalCluster cluster)
      throws InterruptedException {
    ClientProgram.build("grpcurl");
    String node = address(cluster, 1);
    String other = address(cluster, 2);

    assertThat(grpcurl(node, "list")).contains("broker.Broker", "grpc.health.v1.Health");
    assertThat(grpcurl(node, "describe", "broker.PublishRequest"))
        .contains("  string idempotency_key = 5;");
    String hello = "{\"subject\": \"curled\", \"body\": \"aGVsbG8=\"}";
    assertThat(grpcurl("-d", hello, node, "broker.Broker/Publish")).contains("  \"id\": \"1\"");
    String firstOfThem = "{\"subject\": \"curled\", \"id\": 1}";
    assertThat(grpcurl("-d", firstOfThem, other, "broker.Broker/Fetch"))
        .contains("  \"body\": \"aGVsbG8=\",");

    try (ClientProgram refused =
        ClientProgram.start("grpcurl", "-plaintext", "-d", "{}", node, "broker.Broker/Publish")) {
      assertThat(refused.awaitEnd(BOUND)).isNotZero();
      assertThat(refused.complaints()).contains("Code: InvalidArgument", "subject is empty");
    }
  }

  private static List<String> grpcurl(String... arguments) throws InterruptedException {
    String[] all = new String[arguments.length + 1];
    all[0] = "-plaintext";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    try (ClientProgram grpcurl = ClientProgram.start("grpcurl", all)) {
      assertThat(grpcurl.awaitEnd(BOUND)).as("exit code: %s", grpcurl.complaints()).isZero();
      return grpcurl.printed();
    }
  }

  private static List<String> lines(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(n -> "line " + n).toList();
  }

  private static List<String> linesWithIds() {
    return IntStream.rangeClosed(1, LINES).mapToObj(n -> n + " line " + n).toList();
  }

  private static String address(LocalCluster cluster, int n) {
    return "127.0.0.1:" + cluster.node(n).place().grpcPort();
  }
}
