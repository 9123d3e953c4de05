package org.raftbroker.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.raftbroker.server.membership.Address;
import org.raftbroker.server.metrics.BrokerMetrics;

class HttpFrontTest {
  /**
   * The JDK's server takes the limits of the first one in a process, which may be another test's
   * with the defaults: only the threads are of this one.
   */
  private static final HttpConfig CONFIG =
      new HttpConfig(
          4,
          HttpConfig.DEFAULT.maxConnections(),
          HttpConfig.DEFAULT.requestTimeout(),
          HttpConfig.DEFAULT.responseTimeout());

  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final BrokerMetrics metrics = new BrokerMetrics();
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  private volatile Readiness readiness = new Readiness(true, List.of());
  private Address address;
  private HttpFront front;

  @BeforeEach
  void start() throws IOException {
    address = freeAddress();
    front = new HttpFront(address, CONFIG, metrics, () -> readiness, Pages.NONE);
    front.start();
  }

  @AfterEach
  void stop() {
    front.close();
    metrics.close();
  }

  @Test
  void aLivingProcessIsHealthy() throws Exception {
    HttpResponse<String> response = get("/healthz");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("ok\n");
  }

  @Test
  void readinessIsAskedEachTimeAndNamesItsReasons() throws Exception {
    HttpResponse<String> before = get("/readyz");
    readiness = new Readiness(false, List.of("shard 0 has no leader", "a \"quoted\" one"));
    HttpResponse<String> after = get("/readyz");

    assertThat(before.statusCode()).isEqualTo(200);
    assertThat(before.body()).isEqualTo("{\"ready\":true,\"reasons\":[]}\n");
    assertThat(after.statusCode()).isEqualTo(503);
    assertThat(after.body())
        .isEqualTo(
            "{\"ready\":false,\"reasons\":[\"shard 0 has no leader\",\"a \\\"quoted\\\" one\"]}\n");
    assertThat(after.headers().firstValue("Content-Type")).contains("application/json");
  }

  @Test
  void metricsAreInPrometheusText() throws Exception {
    metrics.onPublished(3, 300, 1_000_000);

    HttpResponse<String> response = get("/metrics");

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(response.body()).contains("\nbroker_messages_published_total 3.0\n");
  }

  @Test
  void theIndexLinksToEveryPage() throws Exception {
    String index = get("/").body();

    for (String path : List.of("/metrics", "/healthz", "/readyz")) {
      assertThat(index).contains("<a href=\"" + path + "\">");
      assertThat(get(path).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void anythingElseIsNotFound() throws Exception {
    assertThat(get("/metrics/").statusCode()).isEqualTo(404);
    assertThat(get("/%2e%2e/etc/passwd").statusCode()).isEqualTo(404);
    assertThat(get("/healthz?verbose").statusCode()).isEqualTo(200);
  }

  @Test
  void onlyGetAndHeadAreAnswered() throws Exception {
    HttpResponse<String> response =
        client.send(
            request("/healthz")
                .POST(HttpRequest.BodyPublishers.ofString("x".repeat(200_000)))
                .build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(405);
    assertThat(response.headers().firstValue("Allow")).contains("GET, HEAD");
  }

  @Test
  void headHasTheLengthAndNoBody() throws Exception {
    HttpResponse<String> response =
        client.send(
            request("/healthz").method("HEAD", HttpRequest.BodyPublishers.noBody()).build(),
            HttpResponse.BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Length")).contains("3");
    assertThat(response.body()).isEmpty();
  }

  @Test
  void aFailureIsAnswered() throws Exception {
    Address other = freeAddress();
    HttpFront broken =
        new HttpFront(
            other,
            CONFIG,
            metrics,
            () -> {
              throw new IllegalStateException("expected by the test: readiness is broken");
            },
            Pages.NONE);
    broken.start();
    try (broken) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(URI.create("http://" + other + "/readyz"))
                  .timeout(PATIENCE)
                  .build(),
              HttpResponse.BodyHandlers.ofString());

      assertThat(response.statusCode()).isEqualTo(500);
      assertThat(response.body()).doesNotContain("expected by the test");
    }
  }

  @Test
  void garbageEndsItsConnectionOnly() throws Exception {
    for (String garbage :
        List.of(
            "\u0000\u0001\u0002\r\n\r\n",
            "GET\r\n\r\n",
            "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")) {
      try (Socket socket = connect()) {
        send(socket, garbage);
        // Whatever it says, the connection ends: nothing waits for more.
        socket.getInputStream().readAllBytes();
      }
    }

    assertThat(get("/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void slowClientsDoNotBlockOthersAndAreCut() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < CONFIG.threads() - 1; i++) {
        Socket socket = connect();
        send(socket, "GET /healthz HTTP/1.1\r\nHost: ");
        slow.add(socket);
      }

      assertThat(get("/healthz").statusCode()).isEqualTo(200);
      for (Socket socket : slow) {
        assertThat(socket.getInputStream().readAllBytes()).isEmpty();
      }
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void slowClientsOnEveryThreadDelayOthersAtMostForTheRequestTimeout() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try {
      for (int i = 0; i < 3 * CONFIG.threads(); i++) {
        Socket socket = connect();
        send(socket, "GET /healthz HTTP/1.1\r\nHost: ");
        slow.add(socket);
      }

      assertThat(get("/healthz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void connectionsBeyondTheLimitAreClosedAndThoseThatLeaveMakeRoom() throws Exception {
    List<Socket> idle = new ArrayList<>();
    try {
      for (int i = 0; i < CONFIG.maxConnections(); i++) {
        idle.add(connect());
      }
      try (Socket oneTooMany = connect()) {
        assertThat(oneTooMany.getInputStream().read()).isEqualTo(-1);
      }
    } finally {
      for (Socket socket : idle) {
        socket.close();
      }
    }

    await().atMost(PATIENCE).ignoreExceptions().until(() -> get("/healthz").statusCode() == 200);
  }

  @Test
  void scrapesRunSideBySide() {
    List<CompletableFuture<HttpResponse<String>>> scrapes = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      scrapes.add(
          client.sendAsync(request("/metrics").build(), HttpResponse.BodyHandlers.ofString()));
    }

    assertThat(scrapes)
        .allSatisfy(
            scrape -> {
              assertThat(scrape.join().statusCode()).isEqualTo(200);
              assertThat(scrape.join().body()).contains("broker_build_info");
            });
  }

  @Test
  void aTakenAddressIsNamedWithTheKeyToChange() {
    HttpFront second = new HttpFront(address, CONFIG, metrics, () -> readiness, Pages.NONE);

    assertThatThrownBy(second::start)
        .isInstanceOf(IOException.class)
        .hasMessage(
            "cannot listen on "
                + address
                + " for HTTP (Address already in use); stop what uses the address, or change http"
                + " of this member or listen.http");
    second.close();
  }

  @Test
  void anAddressOfAnotherMachineIsNamedWithTheKeyToChange() {
    HttpFront elsewhere =
        new HttpFront(
            new Address("no-such-host.invalid", 9391),
            CONFIG,
            metrics,
            () -> readiness,
            Pages.NONE);

    assertThatThrownBy(elsewhere::start)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot listen on no-such-host.invalid:9391 for HTTP")
        .hasMessageContaining("listen.http");
    elsewhere.close();
  }

  @Test
  void closingFreesTheAddress() throws Exception {
    front.close();
    front.close();

    try (HttpFront next = new HttpFront(address, CONFIG, metrics, () -> readiness, Pages.NONE)) {
      next.start();
      assertThat(get("/healthz").statusCode()).isEqualTo(200);
    }
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return client.send(request(path).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://" + address + path)).timeout(PATIENCE);
  }

  private Socket connect() throws IOException {
    Socket socket = new Socket(address.host(), address.port());
    socket.setSoTimeout((int) PATIENCE.toMillis());
    return socket;
  }

  private static void send(Socket socket, String text) throws IOException {
    OutputStream out = socket.getOutputStream();
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
  }

  private static Address freeAddress() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new Address("127.0.0.1", socket.getLocalPort());
    }
  }
}
