package org.raftbroker.server.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.server.grpc.TestNode;
import org.raftbroker.server.http.HttpConfig;
import org.raftbroker.server.http.HttpFront;
import org.raftbroker.server.http.Readiness;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.metrics.BrokerMetrics;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The console at a real HTTP port, in front of a real node's gRPC port. */
@Timeout(120)
final class ConsoleTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String TOKEN = "0123456789abcdef";
  private static final int WATCHERS = 3;

  @TempDir private Path directory;

  private final BrokerMetrics metrics = new BrokerMetrics();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private TestNode node;
  private Address address;

  @BeforeEach
  void start() throws IOException {
    node = TestNode.alone(directory);
    address = open("127.0.0.1", "");
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : opened) {
      each.close();
    }
    node.close();
    metrics.close();
  }

  @Test
  void thePageAndAllThatItIsMadeOfAreThere() throws Exception {
    HttpResponse<String> root = get("/");
    HttpResponse<String> page = get("/console/");

    assertThat(root.statusCode()).isEqualTo(302);
    assertThat(root.headers().firstValue("Location")).contains("/console/");
    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type")).contains("text/html; charset=utf-8");
    List<String> found = new ArrayList<>(List.of("index.html"));
    for (int i = 0; i < found.size(); i++) {
      HttpResponse<String> file = get("/console/" + found.get(i));
      assertThat(file.statusCode()).as(found.get(i)).isEqualTo(200);
      referredTo(file.body()).filter(name -> !found.contains(name)).forEach(found::add);
    }
    assertThat(found).contains("console.css", "icon.svg", "app.js", "chart.js", "watch.js");
  }

  /** What a file of the page names: links, scripts, imports. */
  private static Stream<String> referredTo(String file) {
    return Pattern.compile("(?:href|src)=\"([a-z]+\\.[a-z]+)\"|from \"\\./([a-z]+\\.js)\"")
        .matcher(file)
        .results()
        .map(found -> found.group(1) != null ? found.group(1) : found.group(2));
  }

  @Test
  void nothingButItsOwnFilesMayRunInThePage() throws Exception {
    HttpResponse<String> page = get("/console/");

    assertThat(page.headers().firstValue("Content-Security-Policy").orElseThrow())
        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
        .doesNotContain("unsafe");
    assertThat(page.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(page.headers().firstValue("Referrer-Policy")).contains("no-referrer");
    assertThat(page.body())
        .doesNotContain("<style")
        .doesNotContainPattern("<script(?! type=\"module\" src=)");
    assertThat(page.body()).doesNotContainPattern("(src|href)=\"(https?:)?//");
  }

  @Test
  void aFileThatHasNotChangedIsNotSentAgain() throws Exception {
    String tag = get("/console/app.js").headers().firstValue("ETag").orElseThrow();

    HttpResponse<String> again =
        send(request("/console/app.js").header("If-None-Match", tag).build());
    HttpResponse<String> other =
        send(request("/console/app.js").header("If-None-Match", "\"other\"").build());

    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
    assertThat(other.statusCode()).isEqualTo(200);
    assertThat(other.headers().firstValue("Cache-Control")).contains("no-cache");
  }

  @Test
  void theOverviewHasTheNodeTheClusterAndWhatItHasDone() throws Exception {
    metrics.onPublished(3, 300, 1_500_000);

    JsonNode overview = json(get("/api/overview"), 200);

    assertThat(overview.at("/node/nodeId").asString()).isEqualTo("n1");
    assertThat(overview.at("/node/members/0/state").asString()).isEqualTo("UP");
    assertThat(overview.at("/cluster/shards").size()).isEqualTo(3);
    assertThat(overview.at("/activity/published").asLong()).isEqualTo(3);
    assertThat(overview.at("/activity/publishes/count").asLong()).isEqualTo(1);
    assertThat(overview.at("/activity/publishes/buckets/1/seconds").asDouble()).isEqualTo(0.001);
    assertThat(overview.at("/activity/publishes/buckets/1/count").asLong()).isEqualTo(0);
    assertThat(overview.at("/activity/publishes/buckets/2/count").asLong()).isEqualTo(1);
  }

  @Test
  void whatIsPublishedIsFetched() throws Exception {
    JsonNode published =
        json(
            post(
                """
                {"subject": "orders", "body": "aGVsbG8=", "headers": {"a": "b"}}
                """),
            200);
    JsonNode fetched = json(get("/api/message?subject=orders&id=1"), 200);

    assertThat(published.at("/id").asString()).isEqualTo("1");
    assertThat(fetched.at("/message/body").asString()).isEqualTo("aGVsbG8=");
    assertThat(fetched.at("/message/headers/a").asString()).isEqualTo("b");
    assertThat(fetched.at("/bodyBytes").asInt()).isEqualTo(5);
  }

  @Test
  void ofALongBodyOnlyTheBeginningIsSent() throws Exception {
    publish("orders", "x".repeat(200_000));

    JsonNode fetched = json(get("/api/message?subject=orders&id=1"), 200);

    assertThat(fetched.at("/bodyBytes").asInt()).isEqualTo(200_000);
    assertThat(Base64.getDecoder().decode(fetched.at("/message/body").asString()))
        .hasSize(64 * 1024);
  }

  @Test
  void subjectsAreFoundByTheirBeginningAPageAtATime() throws Exception {
    for (int i = 0; i < 5; i++) {
      publish("orders." + i, "x");
    }
    publish("payments", "x");

    JsonNode first = json(get("/api/subjects?prefix=orders.&pageSize=3"), 200);
    JsonNode second =
        json(
            get(
                "/api/subjects?prefix=orders.&pageSize=3&pageToken="
                    + first.at("/nextPageToken").asString()),
            200);
    JsonNode one = json(get("/api/subject?subject=payments"), 200);

    assertThat(names(first)).containsExactly("orders.0", "orders.1", "orders.2");
    assertThat(names(second)).containsExactly("orders.3", "orders.4");
    assertThat(one.at("/lastId").asString()).isEqualTo("1");
  }

  private static List<String> names(JsonNode page) {
    return page.at("/subjects").valueStream().map(each -> each.at("/subject").asString()).toList();
  }

  @Test
  void messagesAreWatchedAsTheyCome() throws Exception {
    publish("orders", "before");
    try (Watcher watcher = new Watcher("subject=orders&fromId=1")) {
      assertThat(watcher.next("message").at("/message/body").asString())
          .isEqualTo(base64("before"));
      publish("orders", "after");
      JsonNode after = watcher.next("message");

      assertThat(after.at("/message/body").asString()).isEqualTo(base64("after"));
      assertThat(after.at("/message/id").asString()).isEqualTo("2");
      JsonNode subscriptions = json(get("/api/subscriptions"), 200);
      assertThat(subscriptions.at("/total").asString()).isEqualTo("1");
      assertThat(subscriptions.at("/subscriptions/0/subject").asString()).isEqualTo("orders");
      assertThat(subscriptions.at("/subscriptions/0/client").asString()).startsWith("127.0.0.1:");
      assertThat(subscriptions.at("/subscriptions/0/lag").asString()).isEqualTo("0");
    }
  }

  @Test
  void aWatcherThatIsGoneIsNoticedAndMakesRoom() throws Exception {
    List<Watcher> watchers = new ArrayList<>();
    for (int i = 0; i < WATCHERS; i++) {
      watchers.add(new Watcher("subject=orders&fromId=1"));
    }
    assertThat(json(get("/api/watch?subject=orders&fromId=1"), 503).at("/reason").asString())
        .isEqualTo("TOO_MANY_WATCHERS");
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertThat(get("/api/overview").statusCode()).isEqualTo(200);

    for (Watcher watcher : watchers) {
      watcher.close();
    }

    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> {
              try (Watcher next = new Watcher("subject=orders&fromId=1")) {
                assertThat(next.status).contains(" 200 ");
              }
            });
    await().atMost(PATIENCE).until(() -> node.delivery.subscriptions() == 0);
  }

  @Test
  void aStreamThatCannotBeSaysWhyInItsFirstEvent() throws Exception {
    try (Watcher watcher = new Watcher("subject=a..b&fromId=1")) {
      assertThat(watcher.next("end").at("/reason").asString()).isEqualTo("SUBJECT_INVALID");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/api/message?subject=orders&id=7,          404, ID_NOT_PUBLISHED",
    "/api/message?subject=orders&id=0,          400, ID_INVALID",
    "/api/message?subject=orders&id=seven,      400, PARAMETER_INVALID",
    "/api/message?subject=a..b&id=1,            400, SUBJECT_INVALID",
    "/api/subject?subject=nobody,               404, SUBJECT_NOT_FOUND",
    "/api/subjects?pageSize=100000000000,       400, PAGE_INVALID",
    "/api/subscriptions?limit=-1,               400, COUNT_INVALID",
    "/api/nothing,                              404, NOT_FOUND",
    "/api/,                                     404, NOT_FOUND",
    "/api/publish,                              405, METHOD_NOT_ALLOWED"
  })
  void whatCannotBeAnsweredIsRefusedWithAReason(String path, int status, String reason)
      throws Exception {
    JsonNode refusal = json(get(path), status);

    assertThat(refusal.at("/reason").asString()).isEqualTo(reason);
    assertThat(refusal.at("/message").asString()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {                                            | 400 | MALFORMED_REQUEST
          {"subject": "orders", "colour": "red"}       | 400 | MALFORMED_REQUEST
          {"subject": "a..b"}                          | 400 | SUBJECT_INVALID
          {"subject": "$sys"}                          | 403 | SUBJECT_RESERVED
          {"subject": "s", "expirationSeconds": -1}    | 400 | EXPIRATION_INVALID
          """)
  void aPublishThatCannotBeIsRefusedWithAReason(String body, int status, String reason)
      throws Exception {
    JsonNode refusal = json(post(body), status);

    assertThat(refusal.at("/reason").asString()).isEqualTo(reason);
  }

  @Test
  void aRequestThatIsTooLongIsRefused() throws Exception {
    JsonNode refusal = json(post("x".repeat(1024 * 1024 + 1)), 413);

    assertThat(refusal.at("/reason").asString()).isEqualTo("REQUEST_TOO_LARGE");
    assertThat(refusal.at("/message").asString()).contains("1048576");
  }

  @Test
  void onlyReadingAndPublishingAreAnswered() throws Exception {
    HttpResponse<String> deleted = send(request("/api/overview").DELETE().build());
    HttpResponse<String> posted =
        send(
            request("/api/overview")
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString("{}"))
                .build());

    assertThat(json(deleted, 405).at("/reason").asString()).isEqualTo("METHOD_NOT_ALLOWED");
    assertThat(json(posted, 404).at("/reason").asString()).isEqualTo("NOT_FOUND");
    assertThat(get("/console/../api").statusCode()).isEqualTo(404);
    assertThat(get("/console/none.js").statusCode()).isEqualTo(404);
  }

  @Test
  void aPageOfAnotherSiteMayNotPublish() throws Exception {
    HttpRequest.Builder request =
        request("/api/publish")
            .header("Content-Type", "application/json")
            .header("Origin", "http://evil.example")
            .POST(HttpRequest.BodyPublishers.ofString("{\"subject\": \"orders\"}"));

    assertThat(json(send(request.build()), 403).at("/reason").asString()).isEqualTo("CROSS_SITE");
    assertThat(json(get("/api/subject?subject=orders"), 404)).isNotNull();
  }

  @Test
  void withATokenThePageIsShownAndTheRestOnlyToThoseWhoKnowIt() throws Exception {
    address = open("127.0.0.1", TOKEN);

    HttpResponse<String> without = get("/api/overview");
    HttpResponse<String> with =
        send(request("/api/overview").header("Authorization", "Bearer " + TOKEN).build());

    assertThat(get("/console/").statusCode()).isEqualTo(200);
    assertThat(json(without, 401).at("/reason").asString()).isEqualTo("TOKEN_REQUIRED");
    assertThat(without.headers().firstValue("WWW-Authenticate").orElseThrow()).startsWith("Bearer");
    assertThat(with.statusCode()).isEqualTo(200);
    assertThat(get("/api/watch?subject=orders&fromId=1").statusCode()).isEqualTo(401);
    assertThat(post("{\"subject\": \"orders\"}").statusCode()).isEqualTo(401);
  }

  @Test
  void whereOthersCanReachItItSaysHowToOpenItAndProbesStayOpen() throws Exception {
    address = new Address("127.0.0.1", open("0.0.0.0", "").port());

    HttpResponse<String> page = get("/console/");

    assertThat(page.statusCode()).isEqualTo(403);
    assertThat(page.body()).contains("http.console.token");
    assertThat(json(get("/api/overview"), 403).at("/reason").asString())
        .isEqualTo("CONSOLE_CLOSED");
    assertThat(get("/").statusCode()).isEqualTo(200);
    assertThat(get("/metrics").statusCode()).isEqualTo(200);
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
  }

  @Test
  void aNodeThatDoesNotAnswerItsConsoleIsSaidTo() throws Exception {
    node.server.close(Duration.ZERO);

    JsonNode refusal = json(get("/api/overview"), 503);

    assertThat(refusal.at("/reason").asString()).isEqualTo("UNAVAILABLE");
  }

  private Address open(String host, String token) throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    Address listen = new Address(host, port);
    Console console =
        new Console(
            new ConsoleConfig(true, token, 2, WATCHERS),
            listen,
            HttpConfig.DEFAULT.responseTimeout(),
            new OwnNode(new Address("127.0.0.1", node.port()), 64 << 20, node.loops),
            metrics::activity);
    HttpFront front =
        new HttpFront(
            listen, HttpConfig.DEFAULT, metrics, () -> new Readiness(true, List.of()), console);
    front.start();
    opened.add(console);
    opened.add(front);
    return listen;
  }

  private void publish(String subject, String body) {
    var unused =
        node.broker()
            .publish(
                PublishRequest.newBuilder()
                    .setSubject(subject)
                    .setBody(ByteString.copyFromUtf8(body))
                    .build());
  }

  private HttpResponse<String> post(String body) throws IOException, InterruptedException {
    return send(
        request("/api/publish")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build());
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return send(request(path).build());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + address + path)).timeout(PATIENCE);
  }

  private HttpResponse<String> send(HttpRequest request) throws IOException, InterruptedException {
    return client.send(request, HttpResponse.BodyHandlers.ofString());
  }

  private static JsonNode json(HttpResponse<String> response, int status) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(response.headers().firstValue("Cache-Control")).contains("no-store");
    return new JsonMapper().readTree(response.body());
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A page that watches, as far as the network sees it. */
  private final class Watcher implements AutoCloseable {
    private final Socket socket = new Socket(address.host(), address.port());
    private final BufferedReader in;
    private final String status;

    Watcher(String query) throws IOException {
      socket.setSoTimeout((int) PATIENCE.toMillis());
      String request = "GET /api/watch?" + query + " HTTP/1.1\r\nHost: " + address + "\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      status = String.valueOf(in.readLine());
    }

    JsonNode next(String event) throws IOException {
      String line = in.readLine();
      while (!line.equals("event: " + event)) {
        line = in.readLine();
      }
      return new JsonMapper().readTree(in.readLine().substring("data: ".length()));
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
