package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.util.concurrent.ListenableFuture;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.raftbroker.client.BrokerClient;
import org.raftbroker.client.Publisher;
import org.raftbroker.client.StartAt;
import org.raftbroker.client.Subscription;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.FetchRequest;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.PublishResponse;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.proto.admin.DescribeNodeRequest;
import org.raftbroker.systemtests.cluster.BrokerProcess;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.monitoring.Yaml;

/**
 * A real Envoy between clients and real nodes, with the configuration of {@code deploy/envoy}: what
 * it lets through, what it refuses and how, and that nothing is lost or doubled on the way.
 */
@Tag("system")
@Isolated // measures times
@SharedCluster.Usual
class EnvoyTest {
  private static final Duration BOUND = Duration.ofSeconds(30);

  /** System property: over how many seconds a limit is measured. */
  private static final Duration MEASURED =
      Duration.ofSeconds(Integer.getInteger("envoy.seconds", 6));

  /** System property: for how many seconds a subscription is watched under load. */
  private static final Duration WATCHED =
      Duration.ofSeconds(Integer.getInteger("envoy.subscriptionSeconds", 8));

  private static final int LIMIT = 100;
  private static final String ORIGIN = "https://console.example";

  private static final String HEALTHY =
      "envoy_cluster_membership_healthy{envoy_cluster_name=\"nodes\"}";

  private @TempDir Path directory;
  private Path program = Path.of("");
  private Path log = Path.of("");

  @BeforeEach
  void findEnvoy(TestInfo test) {
    program = Envoy.programOrSkip();
    log =
        TestLogs.directory("EnvoyTest")
            .resolve(test.getTestMethod().orElseThrow().getName() + ".log");
  }

  private Envoy start(Envoy.Place place, LocalCluster cluster, Map<String, String> changes) {
    return Envoy.start(program, place, cluster, changes, directory, log);
  }

  @Test
  void limitHoldsForEachClientWhileSubscriptionsMissNothing(
      LocalCluster cluster, TestReporter reporter) throws InterruptedException {
    // An idle time that a quiet subscription outlives by far.
    Map<String, String> changes =
        Map.of(
            Envoy.PUBLISH_LIMIT,
            Envoy.publishLimit(LIMIT),
            "idle_timeout: 3600s",
            "idle_timeout: 1s");
    try (Envoy envoy = start(Envoy.Place.IN_FRONT_OF_ALL, cluster, changes);
        NodeClient alice = envoy.clientWithCertificate("alice");
        NodeClient bob = envoy.clientAt("127.0.0.2");
        NodeClient carol = envoy.clientAt("127.0.0.3");
        Inbox<MessageResponse> busy = subscribe(carol, "envoy.busy");
        Inbox<MessageResponse> quiet = subscribe(carol, "envoy.quiet")) {
      long begin = System.nanoTime();
      try (SteadyPublisher ofAlice = SteadyPublisher.start(alice, "envoy.busy", 3 * LIMIT);
          SteadyPublisher ofBob = SteadyPublisher.start(bob, "envoy.busy", 3 * LIMIT);
          SteadyPublisher ofCarol = SteadyPublisher.start(carol, "envoy.busy", LIMIT / 5)) {
        Awaitility.await("what may come at once has come")
            .atMost(BOUND)
            .until(() -> ofAlice.limited() > 0 && ofBob.limited() > 0);
        awaitPassed(MEASURED.plusSeconds(1), System.nanoTime());
        awaitPassed(WATCHED, begin);
        ofAlice.stop();
        ofBob.stop();
        ofCarol.stop();

        Map<Long, String> acknowledged = new HashMap<>();
        for (SteadyPublisher publisher : new SteadyPublisher[] {ofAlice, ofBob, ofCarol}) {
          assertThat(publisher.failures()).isEmpty();
          acknowledged.putAll(publisher.acknowledged());
        }
        int limited = ofAlice.limited() + ofBob.limited();
        Awaitility.await("the log has a line of each call")
            .atMost(BOUND)
            .until(() -> envoy.calls().stream().filter(EnvoyTest::isLimited).count() == limited);
        double rateOfAlice =
            admittedPerSecond(envoy, call -> call.certificate().equals("CN=alice"));
        double rateOfBob = admittedPerSecond(envoy, call -> call.client().startsWith("127.0.0.2:"));
        reporter.publishEntry(
            "outcome",
            String.format(
                "%d/s offered, limit %d/s, over %d s: %.1f/s with a certificate, %.1f/s by address;"
                    + " a subscription of %.0f s got %d messages",
                3 * LIMIT,
                LIMIT,
                MEASURED.toSeconds(),
                rateOfAlice,
                rateOfBob,
                (System.nanoTime() - begin) / 1e9,
                acknowledged.size()));
        assertThat(rateOfAlice).as("of alice").isBetween(LIMIT * 0.95, LIMIT * 1.05);
        assertThat(rateOfBob).as("of bob").isBetween(LIMIT * 0.95, LIMIT * 1.05);
        assertThat(ofCarol.limited()).as("of one who keeps to the limit").isZero();
        for (long id = 1; id <= acknowledged.size(); id++) {
          MessageResponse message = busy.take();
          assertThat(message.getId()).isEqualTo(id);
          assertThat(message.getBody().toStringUtf8()).isEqualTo(acknowledged.get(id));
        }
        cluster.client(1).publish("envoy.quiet", "at last");
        assertThat(quiet.take().getBody().toStringUtf8()).isEqualTo("at last");
      }
    }
  }

  /**
   * How much of a client's calls got through, since the first that was limited: before that, it had
   * what may come at once. By Envoy's clock: a busy machine answers late.
   */
  private static double admittedPerSecond(Envoy envoy, Predicate<Envoy.Call> ofClient) {
    List<Envoy.Call> calls = envoy.calls().stream().filter(ofClient).toList();
    Instant from =
        calls.stream()
            .filter(EnvoyTest::isLimited)
            .map(Envoy.Call::at)
            .min(Comparator.naturalOrder())
            .orElseThrow();
    Instant to = from.plus(MEASURED);
    long admitted =
        calls.stream()
            .filter(call -> call.at().isAfter(from) && !call.at().isAfter(to))
            .filter(call -> call.status().equals("OK"))
            .count();
    return admitted / (double) MEASURED.toSeconds();
  }

  private static boolean isLimited(Envoy.Call call) {
    return call.status().equals("RESOURCE_EXHAUSTED");
  }

  /** What is waited for is that time passes; a condition like any other. */
  private static void awaitPassed(Duration time, long sinceNanos) {
    Awaitility.await("time passes")
        .atMost(time.plus(BOUND))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> System.nanoTime() - sinceNanos >= time.toNanos());
  }

  @Test
  void killedNodeIsLeftOutAndNoPublishIsDoubled(LocalCluster cluster) throws InterruptedException {
    Map<String, String> changes = Map.of(Envoy.PUBLISH_LIMIT, Envoy.publishLimit(100_000));
    try (Envoy envoy = start(Envoy.Place.IN_FRONT_OF_ALL, cluster, changes);
        NodeClient client = envoy.clientAt("127.0.0.1");
        SteadyPublisher publisher = SteadyPublisher.start(client, "envoy.killed", 200)) {
      Awaitility.await("publishes are under way")
          .atMost(BOUND)
          .until(() -> publisher.acknowledged().size() > 100);

      cluster.node(2).kill();

      Awaitility.await("Envoy has noticed").atMost(BOUND).until(() -> envoy.metric(HEALTHY) == 2);
      publisher.stop();
      for (int i = 0; i < 50; i++) {
        client.publish("envoy.after", "at another node");
      }
      Set<String> bodies = new HashSet<>();
      Map<Long, String> acknowledged = publisher.acknowledged();
      long last = client.publish("envoy.killed", "the last");
      try (Inbox<MessageResponse> all =
          Inbox.open(
              cluster.client(1),
              BrokerGrpc.getSubscribeMethod(),
              SubscribeRequest.newBuilder().setSubject("envoy.killed").setFromId(1).build())) {
        for (long id = 1; id <= last; id++) {
          MessageResponse message = all.take();
          String body = message.getBody().toStringUtf8();
          assertThat(message.getId()).isEqualTo(id);
          assertThat(bodies.add(body)).as("\"%s\" is there once", body).isTrue();
          assertThat(acknowledged.getOrDefault(id, body)).isEqualTo(body);
        }
      }
      assertThat(bodies).containsAll(acknowledged.values());
      cluster.restart(2);
      Awaitility.await("the node gets calls again")
          .atMost(BOUND)
          .until(() -> envoy.metric(HEALTHY) == 3);
    }
  }

  @Test
  void publishWhoseAnswerIsLostIsNotSentAgain(LocalCluster cluster) throws InterruptedException {
    int count = 20;
    try (LossyWire wire = new LossyWire(cluster.node(2).place().grpcPort());
        Envoy envoy =
            start(
                Envoy.Place.IN_FRONT_OF_ALL,
                cluster,
                Map.of(
                    "address: n2, port_value: 9091",
                    "address: 127.0.0.1, port_value: " + wire.port()));
        NodeClient client = envoy.clientAt("127.0.0.1");
        Inbox<MessageResponse> stored = subscribe(cluster.client(1), "envoy.lost")) {
      // Envoy's threads hear that a node is well up to a second after its metrics say so.
      double before = publishedAt(cluster.node(2));
      Awaitility.await("node 2 gets calls, too")
          .atMost(BOUND)
          .pollInterval(Duration.ofMillis(20))
          .until(
              () -> {
                client.publish("envoy.connected", "by some node");
                return publishedAt(cluster.node(2)) > before;
              });
      wire.loseAnswers();
      List<ListenableFuture<PublishResponse>> answers = new ArrayList<>();
      for (int i = 1; i <= count; i++) {
        answers.add(
            BrokerGrpc.newFutureStub(client.channel())
                .withDeadlineAfter(BOUND.toSeconds(), TimeUnit.SECONDS)
                .publish(message("envoy.lost", "message " + i)));
      }
      Set<String> bodies = new HashSet<>();
      for (int i = 1; i <= count; i++) {
        bodies.add(stored.take().getBody().toStringUtf8());
      }
      assertThat(bodies).hasSize(count);

      wire.cut();

      int lost = 0;
      for (ListenableFuture<PublishResponse> answer : answers) {
        try {
          assertThat(answer.get().getId()).isBetween(1L, (long) count);
        } catch (ExecutionException e) {
          assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
          lost++;
        }
      }
      assertThat(lost).as("publishes by way of node 2").isPositive();
      assertThat(cluster.client(3).publish("envoy.lost", "the next")).isEqualTo(count + 1);
    }
  }

  /** How many messages were published by way of it. */
  private static double publishedAt(BrokerProcess node) {
    return node.httpBody("/metrics")
        .lines()
        .filter(line -> line.startsWith("broker_messages_published_total"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  @Test
  void clientForJavaShowsItsCertificate(LocalCluster cluster) throws Exception {
    try (Envoy envoy = start(Envoy.Place.IN_FRONT_OF_ALL, cluster, Map.of());
        BrokerClient client =
            BrokerClient.builder(envoy.uri("").getAuthority())
                .credentials(envoy.certificates().ofJavaClient("java"))
                .build();
        Subscription subscription = client.subscribe("envoy.java", StartAt.earliest());
        Publisher publisher = client.publisher()) {
      ByteString body = ByteString.copyFromUtf8("through TLS");

      assertThat(client.publish("envoy.java", body).get(30, TimeUnit.SECONDS)).isEqualTo(1);
      assertThat(publisher.publish("envoy.java", body).get(30, TimeUnit.SECONDS)).isEqualTo(2);

      assertThat(subscription.next().getBody()).isEqualTo(body);
      assertThat(subscription.next().getId()).isEqualTo(2);
      Awaitility.await("the log has the publish and whose it was")
          .atMost(BOUND)
          .until(() -> envoy.calls().stream().anyMatch(c -> c.certificate().equals("CN=java")));
    }
  }

  @Test
  void onlyWhatIsForClientsGetsThroughAndNobodyBorrowsAnIdentity(LocalCluster cluster) {
    try (Envoy envoy = start(Envoy.Place.BESIDE_NODE_1, cluster, Map.of());
        NodeClient client = envoy.clientAt("127.0.0.1")) {
      assertThat(client.publish("envoy.limits", "within the limit")).isEqualTo(1);
      assertThat(
              Refusal.of(
                      () ->
                          client
                              .admin(BOUND)
                              .describeNode(DescribeNodeRequest.getDefaultInstance()))
                  .code())
          .isEqualTo(Status.Code.UNIMPLEMENTED);

      envoy.changeLimits(Map.of(Envoy.PUBLISH_LIMIT, Envoy.publishLimit(1)));
      Awaitility.await("the new limit holds, without a restart")
          .atMost(BOUND)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> isLimited(client, new Metadata()));

      int limited = 0;
      for (int i = 0; i < 20; i++) {
        Metadata invented = new Metadata();
        put(invented, "x-forwarded-client-cert", "Hash=" + i);
        put(invented, "x-forwarded-for", "10.0.0." + i);
        put(invented, "authorization", "Bearer " + i);
        limited += isLimited(client, invented) ? 1 : 0;
      }
      assertThat(limited).as("of 20 with invented names").isGreaterThanOrEqualTo(15);
      // Another method has a limit of its own.
      MessageResponse fetched =
          client
              .broker(BOUND)
              .fetch(FetchRequest.newBuilder().setSubject("envoy.limits").setId(1).build());
      assertThat(fetched.getBody().toStringUtf8()).isEqualTo("within the limit");
    }
  }

  private static boolean isLimited(NodeClient client, Metadata headers) {
    PublishRequest request = PublishRequest.newBuilder().setSubject("envoy.limits").build();
    try {
      var unused =
          client
              .broker(BOUND)
              .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
              .publish(request);
      return false;
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      return true;
    }
  }

  private static void put(Metadata headers, String name, String value) {
    headers.put(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER), value);
  }

  @Test
  void jsonIsTranslated(LocalCluster cluster) throws IOException, InterruptedException {
    try (Envoy envoy = start(Envoy.Place.BESIDE_NODE_1, cluster, Map.of())) {
      HttpClient http = browser(envoy);
      String message = "{\"subject\": \"envoy.json\", \"body\": \"aGVsbG8=\"}";

      HttpResponse<String> published = post(http, json(envoy, "Publish", message));
      assertThat(published.statusCode()).as(published.body()).isEqualTo(200);
      assertThat(Yaml.parse(published.body()).at("id").text()).isEqualTo("1");
      Yaml fetched =
          Yaml.parse(
              post(http, json(envoy, "Fetch", "{\"subject\": \"envoy.json\", \"id\": 1}")).body());
      assertThat(fetched.at("body").text()).isEqualTo("aGVsbG8=");
      assertThat(cluster.client(2).publish("envoy.json", "second")).isEqualTo(2);
      HttpResponse<Stream<String>> subscription =
          http.send(
              json(envoy, "Subscribe", "{\"subject\": \"envoy.json\", \"fromId\": 1}").build(),
              BodyHandlers.ofLines());
      try (Stream<String> lines = subscription.body()) {
        Iterator<String> each = lines.iterator();
        assertThat(Yaml.parse(each.next()).at("id").text()).isEqualTo("1");
        assertThat(Yaml.parse(each.next()).at("id").text()).isEqualTo("2");
      }

      HttpResponse<String> absent =
          post(http, json(envoy, "Fetch", "{\"subject\": \"envoy.json\", \"id\": 9}"));
      assertThat(absent.statusCode()).isEqualTo(404);
      assertThat(absent.body()).contains("ID_NOT_PUBLISHED");
      assertThat(post(http, json(envoy, "Invent", "{}")).statusCode()).isEqualTo(404);
      // What a page of any origin may send without being asked.
      HttpRequest.Builder asText =
          HttpRequest.newBuilder(envoy.uri("/broker.Broker/Publish"))
              .header("content-type", "text/plain")
              .POST(BodyPublishers.ofString(message));
      assertThat(post(http, asText).statusCode()).isEqualTo(415);
      assertThat(cluster.client(1).publish("envoy.json", "third")).isEqualTo(3);

      envoy.changeLimits(Map.of(Envoy.PUBLISH_LIMIT, Envoy.publishLimit(1)));
      HttpResponse<String> limited =
          Awaitility.await("the limit holds for JSON, too")
              .atMost(BOUND)
              .pollInterval(Duration.ofMillis(20))
              .until(
                  () -> post(http, json(envoy, "Publish", message)),
                  answer -> answer.statusCode() == 429);
      assertThat(limited.headers().firstValue("retry-after")).contains("1");
    }
  }

  private static HttpRequest.Builder json(Envoy envoy, String method, String body) {
    return HttpRequest.newBuilder(envoy.uri("/broker.Broker/" + method))
        .header("content-type", "application/json")
        .POST(BodyPublishers.ofString(body));
  }

  @Test
  void browsersOfNamedOriginsSpeakGrpcWeb(LocalCluster cluster)
      throws IOException, InterruptedException {
    Map<String, String> changes = Map.of(Envoy.NO_ORIGINS, Envoy.onlyOrigin(ORIGIN));
    try (Envoy envoy = start(Envoy.Place.BESIDE_NODE_1, cluster, changes)) {
      HttpClient http = browser(envoy);

      HttpResponse<byte[]> answer = publishFromPage(http, envoy);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("access-control-allow-origin")).contains(ORIGIN);
      ByteBuffer frames = ByteBuffer.wrap(answer.body());
      assertThat(PublishResponse.parseFrom(next(frames, 0)).getId()).isEqualTo(1);
      assertThat(new String(next(frames, 0x80), StandardCharsets.US_ASCII))
          .contains("grpc-status:0");

      assertThat(preflight(http, envoy, ORIGIN).headers().firstValue("access-control-allow-origin"))
          .contains(ORIGIN);
      assertThat(
              preflight(http, envoy, "https://elsewhere.example")
                  .headers()
                  .firstValue("access-control-allow-origin"))
          .isEmpty();

      envoy.changeLimits(Map.of(Envoy.PUBLISH_LIMIT, Envoy.publishLimit(1)));
      Awaitility.await("the limit holds for gRPC-web, too")
          .atMost(BOUND)
          .pollInterval(Duration.ofMillis(20))
          .until(
              () -> publishFromPage(http, envoy).headers().firstValue("grpc-status"),
              status -> status.equals(Optional.of("8")));
    }
  }

  private static HttpResponse<byte[]> publishFromPage(HttpClient http, Envoy envoy)
      throws IOException, InterruptedException {
    return http.send(
        HttpRequest.newBuilder(envoy.uri("/broker.Broker/Publish"))
            .header("content-type", "application/grpc-web+proto")
            .header("x-grpc-web", "1")
            .header("origin", ORIGIN)
            .POST(BodyPublishers.ofByteArray(frame(message("envoy.web", "from a page"))))
            .build(),
        BodyHandlers.ofByteArray());
  }

  private static HttpResponse<String> preflight(HttpClient http, Envoy envoy, String origin)
      throws IOException, InterruptedException {
    return post(
        http,
        HttpRequest.newBuilder(envoy.uri("/broker.Broker/Publish"))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-grpc-web")
            .method("OPTIONS", BodyPublishers.noBody()));
  }

  /** Old ones: HTTP/1.1. */
  private static HttpClient browser(Envoy envoy) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .sslContext(envoy.certificates().ofBrowser())
        .connectTimeout(BOUND)
        .build();
  }

  private static HttpResponse<String> post(HttpClient http, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return http.send(request.timeout(BOUND).build(), BodyHandlers.ofString());
  }

  private static PublishRequest message(String subject, String body) {
    return PublishRequest.newBuilder()
        .setSubject(subject)
        .setBody(ByteString.copyFromUtf8(body))
        .build();
  }

  private static byte[] frame(PublishRequest request) {
    byte[] bytes = request.toByteArray();
    return ByteBuffer.allocate(5 + bytes.length)
        .put((byte) 0)
        .putInt(bytes.length)
        .put(bytes)
        .array();
  }

  private static byte[] next(ByteBuffer frames, int kind) throws InvalidProtocolBufferException {
    assertThat(frames.get() & 0xff).as("kind of frame").isEqualTo(kind);
    byte[] bytes = new byte[frames.getInt()];
    frames.get(bytes);
    return bytes;
  }

  private static Inbox<MessageResponse> subscribe(NodeClient client, String subject) {
    return Inbox.open(
        client,
        BrokerGrpc.getSubscribeMethod(),
        SubscribeRequest.newBuilder().setSubject(subject).build());
  }
}
