package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.proto.BrokerGrpc;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishBatchRequest;
import org.raftbroker.proto.PublishBatchResponse;
import org.raftbroker.proto.PublishRequest;
import org.raftbroker.proto.SubscribeRequest;
import org.raftbroker.systemtests.cluster.ClusterSpec;
import org.raftbroker.systemtests.cluster.LocalCluster;

/**
 * The console in a real Chromium, in front of a real cluster. Node 2 asks for a token. Pictures of
 * what was seen are in {@code target/console}; {@code docs/console.md} shows some of them.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
@Tag("system")
@Isolated // measures times
class ConsoleTest {
  private static final Duration BOUND = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(50);

  /** What is promised of a node that is killed. */
  private static final Duration SHOWN_WITHIN = Duration.ofSeconds(5);

  private static final String TOKEN = "0123456789abcdef";
  private static final int SUBJECTS = 250;
  private static final int PAGE = 50;

  @TempDir static Path directory;

  private static LocalCluster cluster;
  private static Browser browser;

  @BeforeAll
  static void start() {
    Browser.requireOrSkip();
    cluster =
        LocalCluster.startEach(
            ClusterSpec.DEFAULT,
            directory,
            TestLogs.directory("ConsoleTest"),
            n -> n == 2 ? "http:\n  console:\n    token: " + TOKEN + "\n" : "");
    browser = Browser.start(directory, TestLogs.directory("ConsoleTest.chromedriver.log"));
    publishOnManySubjects();
  }

  @AfterAll
  static void stop() {
    if (browser != null) {
      browser.close();
    }
    if (cluster != null) {
      cluster.close();
    }
  }

  @BeforeEach
  void desktopInTheLight() {
    browser.screen(1280, 900, false);
    browser.scheme("light");
    browser.open("about:blank");
    browser.complaints();
  }

  @AfterEach
  void nothingWasWrongWithThePage() {
    // What was not answered with 200, or not at all, the browser notes by itself.
    assertThat(browser.complaints())
        .filteredOn(line -> !line.contains("Failed to load resource"))
        .isEmpty();
  }

  private static void publishOnManySubjects() {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int i = 0; i < SUBJECTS; i++) {
      batch.addMessages(message("orders.%03d".formatted(i), "{\"order\": " + i + "}"));
    }
    PublishBatchResponse published = cluster.client(1).broker(BOUND).publishBatch(batch.build());
    assertThat(published.getResultsList()).allMatch(result -> result.getId() == 1);
  }

  private static PublishRequest message(String subject, String body) {
    return PublishRequest.newBuilder()
        .setSubject(subject)
        .setBody(ByteString.copyFromUtf8(body))
        .build();
  }

  @Test
  void showsNodesShardsLeadersAndRates() {
    open(1, "/");
    awaitAllUp();
    await(
        "every shard's leader",
        () -> rows("Shards", 2).stream().allMatch(n -> n.matches("n[123]")));
    await(
        "publishes are in the chart",
        () -> {
          for (int i = 0; i < 5; i++) {
            assertThat(cluster.client(1).publish("orders.charted", "x")).isPositive();
          }
          return browser.text(".tile:nth-child(3) dd").matches("[1-9].*/s")
              && label(".chart:nth-child(1) .plot").matches(".*published [1-9].*")
              && label(".chart:nth-child(2) .plot").matches(".*p99 [1-9].*");
        });

    assertThat(browser.text("#where")).contains("systemtests", "n1", "ready");
    assertThat(rows("Shards", 4)).containsOnly("leader", "follower");
    assertThat(browser.script("return document.querySelectorAll('.plot path').length").number())
        .isEqualTo(8);
    screenshot("overview");
    browser.scheme("dark");
    screenshot("overview-dark");
  }

  /**
   * The last one: members that have just found each other do not watch each other's processes yet,
   * and take the time of missed heartbeats instead (membership.jgroups.failureTimeout).
   */
  @Test
  @Order(Integer.MAX_VALUE)
  void aKilledNodeIsShownWithinFiveSeconds(TestReporter reporter) {
    open(1, "/");
    awaitAllUp();

    cluster.node(3).kill();
    long killed = System.nanoTime();
    await("node 3 is shown as failed", () -> nodes().contains("n3 failed"));
    Duration shown = Duration.ofNanos(System.nanoTime() - killed);
    await(
        "it is among what the page has seen",
        () -> browser.text(".events").contains("n3 has failed"));
    await("others lead", () -> rows("Shards", 2).stream().allMatch(n -> n.matches("n[12]")));

    reporter.publishEntry("a killed node was shown after", shown.toMillis() + " ms");
    assertThat(shown).isLessThan(SHOWN_WITHIN);
    assertThat(browser.text("#announcer")).isNotEmpty();
    screenshot("node-failed");

    cluster.node(1).kill();
    await(
        "its own node is missed",
        () -> browser.text("#banner").contains("Node n1 has not answered for"));
    await("others are offered", () -> browser.text("#banner").contains("Others: n2"));
    screenshot("no-answer");

    cluster.makeWhole();
    awaitAllUp();
    await("the banner goes", () -> browser.text("#banner").isEmpty());
  }

  @Test
  void whatIsPublishedInTheFormIsWatchedAndFetched() {
    open(1, "/subject/console.live");
    await("the subject is new", () -> text().contains("Nobody has published on it yet"));
    browser.click(".watch .primary");
    await("it is watched", () -> browser.text(".watch .hint").contains("Watching from id 1"));

    browser.type("#body", "{\"html\": \"<img src=x onerror=alert(1)>\"}");
    browser.type("#headers", "content-type: application/json");
    browser.click("#publish .primary");
    await("it is published", () -> browser.text("#publish .result").equals("published as id 1"));
    await("it is seen", () -> watched(1).contains("<img src=x onerror=alert(1)>"));

    // A second one from elsewhere, which is no text.
    PublishRequest bytes =
        message("console.live", "").toBuilder().setBody(ByteString.fromHex("00ff10")).build();
    assertThat(cluster.client(3).broker(BOUND).publish(bytes).getId()).isEqualTo(2);
    await("that is seen in hexadecimal", () -> watched(2).contains("00 ff 10"));

    browser.click(".watch .row button:nth-of-type(2)");
    await("it is paused", () -> browser.text(".watch .hint").contains("from id 3"));
    assertThat(cluster.client(2).publish("console.live", "meanwhile")).isEqualTo(3);
    browser.click(".watch .row button:nth-of-type(2)");
    await("nothing was missed", () -> watched(3).contains("meanwhile"));

    browser.script("document.querySelector('#fetch-id').value = '1'");
    browser.click("#fetch .primary");
    await("it is fetched", () -> browser.text("#fetched pre").contains("\"html\": \"<img"));
    assertThat(browser.text("#fetched .headers")).contains("content-type", "application/json");
    assertThat(browser.script("return document.querySelectorAll('main img').length").number())
        .as("a body became HTML")
        .isZero();
    screenshot("subject");

    browser.script("document.querySelector('#kind').value = 'base64'");
    browser.type("#body", "!");
    browser.click("#publish .primary");
    await("what is wrong is said", () -> browser.text("#publish .result").contains("no base64"));
    browser.script("document.querySelector('#fetch-id').value = '99'");
    browser.click("#fetch .primary");
    await("what is not there is said", () -> browser.text("#fetched").contains("99"));
  }

  @Test
  void subjectsAreSearchedAndPaged() {
    open(1, "/subjects?prefix=orders.");
    await(
        "the first page",
        () -> subjects().size() == PAGE && subjects().get(0).equals("orders.000"));
    screenshot("subjects");
    browser.click(".paging button:last-of-type");
    await("the second page", () -> subjects().get(0).equals("orders.050"));
    browser.script("document.activeElement.blur()");
    browser.press("n");
    await("the third page", () -> subjects().get(0).equals("orders.100"));
    browser.press("b");
    await("back", () -> subjects().get(0).equals("orders.050"));

    browser.type("#search", "24");
    await("ten of them", () -> subjects().size() == 10 && subjects().get(9).equals("orders.249"));
    browser.type("#search", "x");
    await("none of them", () -> text().contains("No subject has such a name"));
  }

  @Test
  void aSlowSubscriptionIsShown() {
    PublishBatchRequest.Builder batch = PublishBatchRequest.newBuilder();
    for (int i = 0; i < 300; i++) {
      batch.addMessages(message("console.slow", "x".repeat(10_000)));
    }
    assertThat(cluster.client(1).broker(BOUND).publishBatch(batch.build()).getResultsCount())
        .isEqualTo(300);
    ClientCall<SubscribeRequest, MessageResponse> slow =
        cluster
            .client(1)
            .channel()
            .newCall(BrokerGrpc.getSubscribeMethod(), io.grpc.CallOptions.DEFAULT);
    try {
      slow.start(new ClientCall.Listener<>() {}, new Metadata());
      slow.sendMessage(
          SubscribeRequest.newBuilder().setSubject("console.slow").setFromId(1).build());
      slow.halfClose(); // and asks for no message at all

      open(1, "/subscriptions");
      await("it is shown", () -> text().matches("(?s).*console\\.slow.*takes nothing.*"));
      assertThat(rows("Subscriptions, furthest behind first", 3))
          .first()
          .asString()
          .matches("[1-9][0-9]*");
      screenshot("subscriptions");
    } finally {
      slow.cancel("the test is over", null);
    }
  }

  @Test
  void aTokenIsAskedForWhereThereIsOne() {
    open(2, "/");
    await(
        "the token is asked for", () -> browser.text("dialog[open]").contains("asks for a token"));
    assertThat(nodes()).isEmpty();
    browser.press("wrong-wrong-wrong" + Browser.ENTER);
    await("it is asked for again", () -> browser.text("dialog[open]").contains("not the token"));
    browser.press(TOKEN + Browser.ENTER);
    awaitAllUp();
    assertThat(browser.text("#where")).contains("n2");
    // Both refusals are what the browser itself noted.
    assertThat(browser.complaints()).isNotEmpty().allMatch(line -> line.contains("401"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/subjects", "/subject/orders.001", "/subscriptions"})
  void aPhoneShowsAllOfItAndEverybodyCanReadIt(String page) {
    browser.screen(360, 740, true);
    for (String scheme : List.of("light", "dark")) {
      browser.scheme(scheme);
      open(1, page);
      await(
          "the page is there", () -> !text().isEmpty() && browser.text("#where").contains("ready"));
      int width = browser.script("return document.documentElement.scrollWidth").number();
      assertThat(width).as("width of %s", page).isLessThanOrEqualTo(360);
      assertThat(Legibility.unreadable(browser)).as("%s in %s", page, scheme).isEmpty();
      assertThat(Legibility.nameless(browser)).as("%s in %s", page, scheme).isEmpty();
      screenshot("phone-" + scheme + page.replace('/', '-'));
    }
  }

  @Test
  void theKeyboardIsEnough() {
    open(1, "/");
    awaitAllUp();
    browser.press(Browser.TAB);
    assertThat(focused()).isEqualTo("Skip to the content");
    assertThat(
            browser.script("return getComputedStyle(document.activeElement).outlineStyle").text())
        .isEqualTo("solid");
    browser.press(Browser.ENTER + Browser.TAB);
    assertThat(label(":focus")).contains("Messages per second");
    browser.press(Browser.LEFT);
    await("the chart is read", () -> browser.text(".chart .unseen").contains("published"));

    browser.press("?");
    await("keys are explained", () -> browser.text("dialog[open]").contains("Keyboard"));
    browser.press(Browser.ESCAPE);
    await("and go away", () -> browser.text("dialog[open]").isEmpty());
    browser.press("2");
    await("subjects", () -> browser.text("h1").equals("Subjects"));
    browser.press("/" + "console.keys" + Browser.ENTER);
    await("the subject", () -> browser.text("h1").equals("console.keys"));
    browser.press("w");
    await("it is watched", () -> browser.text(".watch .hint").contains("Watching from id 1"));
    browser.press(Browser.TAB + Browser.TAB + "typed");
    // Tab, Tab: past "all subjects", into the body. Tab: sent as, expires, headers, the button.
    browser.press(Browser.TAB.repeat(4) + Browser.ENTER);
    await("it is published and seen", () -> watched(1).contains("typed"));
    browser.press("3");
    assertThat(browser.text("h1")).isEqualTo("Subscriptions");
  }

  // --- What a person sees

  private static void open(int node, String page) {
    int port = cluster.node(node).place().httpPort();
    browser.open("http://127.0.0.1:" + port + "/console/#" + page);
  }

  private static void await(String what, Callable<Boolean> condition) {
    Awaitility.await(what)
        .atMost(BOUND)
        .pollDelay(Duration.ZERO)
        .pollInterval(POLL)
        .until(condition);
  }

  private static void awaitAllUp() {
    await("all nodes are up", () -> nodes().equals(List.of("n1 up", "n2 up", "n3 up")));
  }

  private static String text() {
    return browser.text("main");
  }

  private static List<String> nodes() {
    return browser.texts(
        """
        return [...document.querySelectorAll('tr[data-key^="n"]')]
            .map(row => row.dataset.key + ' ' + row.children[1].innerText);
        """);
  }

  private static List<String> subjects() {
    return browser.texts(
        "return [...document.querySelectorAll('td .name')].map(name => name.innerText)");
  }

  /** A column of the table with this caption. */
  private static List<String> rows(String caption, int column) {
    return browser.texts(
        """
        const table = [...document.querySelectorAll('table')].find(t => t.caption.innerText === arguments[0]);
        return [...(table?.tBodies[0].rows ?? [])].map(row => row.cells[arguments[1] - 1].innerText);
        """,
        caption,
        Integer.toString(column));
  }

  private static String watched(int id) {
    return browser
        .script(
            "return document.querySelector('#watched [data-id=\"' + arguments[0] + '\"]')?.textContent ?? ''",
            Integer.toString(id))
        .text();
  }

  private static String label(String selector) {
    return browser
        .script(
            "return document.querySelector(arguments[0])?.getAttribute('aria-label') ?? ''",
            selector)
        .text();
  }

  private static String focused() {
    return browser.script("return document.activeElement.innerText").text();
  }

  private static void screenshot(String name) {
    browser.screenshot(Path.of("target", "console", name + ".png"));
  }
}
