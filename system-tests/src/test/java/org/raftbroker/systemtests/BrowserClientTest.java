package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.raftbroker.proto.admin.ListSubscriptionsRequest;
import org.raftbroker.systemtests.cluster.LocalCluster;
import org.raftbroker.systemtests.cluster.NodeClient;
import org.raftbroker.systemtests.cluster.PortBlock;

/**
 * The page of {@code clients/web} in a real Chromium, by way of a real Envoy, against real nodes
 * that are killed under it. Pictures of what was seen are in {@code target/web}.
 */
@Tag("system")
@SharedCluster.Usual
class BrowserClientTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(10);

  /** Fewer than the page keeps. */
  private static final int LINES = 150;

  private static final int FEW = 20;

  private static final String LIMITED =
      "envoy_http_local_rate_limit_rate_limited{envoy_local_http_ratelimit_prefix=\"clients\"}";

  private static final String ALLOWED = "127.0.0.1";
  private static final String NOT_ALLOWED = "localhost";

  private final PortBlock nobody = PortBlock.reserve();
  private @TempDir Path directory;
  private PageServer pages;
  private Envoy envoy;
  private Browser browser;

  /** Envoy, as somebody has set it up who lets these pages call, and the browser. */
  @BeforeEach
  void start(LocalCluster cluster, TestInfo test) throws InterruptedException {
    Browser.requireOrSkip();
    Path program = Envoy.programOrSkip();
    ClientProgram.build("web");
    Path logs =
        TestLogs.directory("BrowserClientTest")
            .resolve(test.getTestMethod().orElseThrow().getName());
    pages = new PageServer(ClientProgram.directory("web").resolve("dist"));
    envoy =
        Envoy.start(
            program,
            Envoy.Place.IN_FRONT_OF_ALL,
            cluster,
            Map.of(Envoy.NO_ORIGINS, Envoy.onlyOrigin(pages.origin(ALLOWED))),
            directory,
            logs.resolve("envoy.log"));
    browser =
        Browser.start(
            directory, logs.resolve("chromedriver.log"), envoy.certificates().asChromiumArgument());
    browser.screen(1280, 900, false);
  }

  @AfterEach
  void stop() {
    if (browser != null) {
      browser.close();
    }
    if (envoy != null) {
      envoy.close();
    }
    if (pages != null) {
      pages.close();
    }
    nobody.close();
  }

  @Test
  void publishesAndWatchesWhileTheNodeThatServesItIsKilled(LocalCluster cluster) {
    // Nobody is at the first of its servers.
    String servers = "https://127.0.0.1:" + nobody.port(1) + "," + envoy.uri("");
    open(ALLOWED, servers, "web.live");
    browser.click("#watch-button");
    browser.type("#lines", "typed <b>here</b>");
    browser.click("#publish-button");
    await("what is typed is seen", () -> messages().equals(List.of("1 typed <b>here</b>")));
    assertThat(cluster.client(2).publish("web.live", "from elsewhere")).isEqualTo(2);
    await("that, too", () -> messages().size() == 2);

    int serving = nodeWithSubscription(cluster, "web.live");
    String lines =
        IntStream.rangeClosed(3, LINES)
            .mapToObj(n -> "line " + n)
            .collect(Collectors.joining("\n"));
    retype("#lines", lines);
    browser.click("#publish-button");
    await("some are seen", () -> messages().size() >= FEW);
    cluster.node(serving).kill();
    assertThat(remainingLines()).as("lines to publish when the node died").isPositive();

    await(
        "all are published",
        () ->
            browser.text("#publish-state").equals("Published 148 of 148, the last one as id 150."));
    List<String> expected = new ArrayList<>(List.of("1 typed <b>here</b>", "2 from elsewhere"));
    IntStream.rangeClosed(3, LINES).forEach(n -> expected.add(n + " line " + n));
    await("all are seen", () -> messages().size() >= LINES);
    assertThat(messages()).isEqualTo(expected);
    assertThat(browser.text("#watch-state")).isEqualTo("Watching web.live.");
    assertThat(nodeWithSubscription(cluster, "web.live")).isNotEqualTo(serving);
    screenshot("live");
    assertThat(browser.complaints())
        .as("what the browser itself notes of each call that failed, and nothing else")
        .isNotEmpty()
        .allMatch(line -> line.contains("Failed to load resource"));
  }

  @Test
  void saysWhyItIsRefusedAndGoesOn(LocalCluster cluster) {
    open(ALLOWED, envoy.uri("").toString(), "web..refused");
    browser.type("#lines", "kept");
    browser.click("#publish-button");
    await("the reason", () -> browser.text("#publish-state").contains("SUBJECT_INVALID"));
    assertThat(browser.text("#publish-state"))
        .matches("INVALID_ARGUMENT SUBJECT_INVALID: .*\"web\\.\\.refused\".*");
    browser.click("#watch-button");
    await("the same", () -> browser.text("#watch-state").contains("SUBJECT_INVALID"));

    retype("#subject", "web.accepted");
    browser.click("#watch-button");
    browser.click("#publish-button");

    await("what was refused", () -> messages().equals(List.of("1 kept")));
    browser.click("#watch-button");
    await("the end", () -> browser.text("#watch-state").equals("Not watching."));
    assertThat(cluster.client(1).publish("web.accepted", "meanwhile")).isEqualTo(2);
    browser.click("#watch-button");
    await("nothing was missed", () -> messages().equals(List.of("1 kept", "2 meanwhile")));

    retype("#fetch-id", "2");
    browser.click("#fetch .primary");
    await("it is fetched", () -> browser.text("#fetch-state").equals("2: meanwhile"));
    retype("#fetch-id", "9");
    browser.click("#fetch .primary");
    await(
        "what is not there is said",
        () -> browser.text("#fetch-state").startsWith("NOT_FOUND ID_NOT_PUBLISHED: "));
  }

  @Test
  void waitsAsLongAsALimitAsks(LocalCluster cluster) {
    envoy.changeLimits(Map.of(Envoy.PUBLISH_LIMIT, Envoy.publishLimit(1)));
    // With a limit of its own: what the page may do at once, it still may.
    try (NodeClient another = envoy.clientAt("127.0.0.2")) {
      await("the limit holds", () -> isLimited(another));
    }
    double limited = envoy.metric(LIMITED);
    open(ALLOWED, envoy.uri("").toString(), "web.limited");
    browser.click("#watch-button");
    browser.type("#lines", "first\nsecond\nthird");
    browser.click("#publish-button");

    await("all are published", () -> browser.text("#publish-state").startsWith("Published 3 of 3"));
    await("and seen", () -> messages().equals(List.of("1 first", "2 second", "3 third")));
    assertThat(envoy.metric(LIMITED) - limited)
        .as("each but the first, once or twice")
        .isBetween(2.0, 4.0);
    assertThat(cluster.client(1).publish("web.limited", "fourth")).isEqualTo(4);
  }

  private static boolean isLimited(NodeClient client) {
    try {
      return client.publish("web.another", "within the limit") == 0;
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      return true;
    }
  }

  @Test
  void aPageOfAnotherOriginIsKeptOutByTheBrowser(LocalCluster cluster) {
    open(NOT_ALLOWED, envoy.uri("").toString(), "web.elsewhere");
    browser.type("#lines", "not for this page");
    browser.click("#publish-button");

    List<String> complaints = new ArrayList<>();
    await(
        "the browser says so",
        () -> {
          complaints.addAll(browser.complaints());
          return complaints.stream().anyMatch(line -> line.contains("blocked by CORS policy"));
        });
    assertThat(browser.text("#publish-state")).isEqualTo("Publishing 1 of 1.");
    assertThat(cluster.client(1).publish("web.elsewhere", "the first")).isEqualTo(1);
  }

  @Test
  void aPhoneShowsAllOfItAndEverybodyCanReadIt(LocalCluster cluster) {
    assertThat(cluster.client(1).publish("web.phone", "wide ".repeat(40))).isEqualTo(1);
    browser.screen(360, 740, true);
    for (String scheme : List.of("light", "dark")) {
      browser.scheme(scheme);
      open(ALLOWED, envoy.uri("").toString(), "web.phone");
      browser.click("#watch-button");
      await("the message", () -> messages().size() == 1);
      int width = browser.script("return document.documentElement.scrollWidth").number();
      assertThat(width).isLessThanOrEqualTo(360);
      assertThat(Legibility.unreadable(browser)).as(scheme).isEmpty();
      assertThat(Legibility.nameless(browser)).as(scheme).isEmpty();
      screenshot("phone-" + scheme);
    }
  }

  private void open(String host, String servers, String subject) {
    String query = "servers=" + encoded(servers) + "&subject=" + encoded(subject);
    browser.open(pages.origin(host) + "/?" + query);
  }

  /** At once, as somebody who pastes. */
  private void retype(String selector, String text) {
    browser.script("document.querySelector(arguments[0]).value = arguments[1]", selector, text);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private List<String> messages() {
    return browser.texts(
        """
        return [...document.querySelectorAll('#messages li')].reverse()
            .map(row => row.children[0].innerText + ' ' + row.children[2].innerText);
        """);
  }

  private int remainingLines() {
    return browser
        .script("return document.querySelector('#lines').value.split('\\n').length - 1")
        .number();
  }

  /** Which node feeds the one subscription to a subject. */
  private static int nodeWithSubscription(LocalCluster cluster, String subject) {
    return IntStream.rangeClosed(1, cluster.size())
        .filter(n -> cluster.node(n).isRunning())
        .filter(
            n ->
                cluster
                    .client(n)
                    .admin(BOUND)
                    .listSubscriptions(ListSubscriptionsRequest.getDefaultInstance())
                    .getSubscriptionsList()
                    .stream()
                    .anyMatch(subscription -> subscription.getSubject().equals(subject)))
        .findFirst()
        .orElseThrow();
  }

  private static void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(BOUND)
        .pollDelay(Duration.ZERO)
        .pollInterval(POLL)
        .until(condition);
  }

  private void screenshot(String name) {
    browser.script("scrollTo(0, 0)");
    browser.screenshot(Path.of("target", "web", name + ".png"));
  }
}
