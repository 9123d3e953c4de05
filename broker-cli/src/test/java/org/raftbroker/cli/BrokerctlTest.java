package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.proto.MessageResponse;
import org.raftbroker.proto.PublishRequest;
import picocli.CommandLine;

class BrokerctlTest {
  private MemoryStore store;
  private MemoryBroker broker;
  private MemoryBroker other;

  @BeforeEach
  void start() throws IOException {
    store = new MemoryStore();
    broker = new MemoryBroker(store);
    other = new MemoryBroker(store);
  }

  @AfterEach
  void stop() {
    broker.close();
    other.close();
  }

  @Test
  void publishPrintsTheId() {
    assertThat(ctl("publish", "orders", "hello").out()).isEqualTo("1\n");
    assertThat(ctl("publish", "orders", "world").out()).isEqualTo("2\n");
  }

  @Test
  void publishPrintsJson() {
    Ctl run = ctl("publish", "orders", "hello", "--output", "json");

    assertThat(run.out()).isEqualTo("{\"subject\":\"orders\",\"id\":1}\n");
  }

  @Test
  void publishCarriesHeadersAndExpiry() {
    ctl("publish", "orders", "x", "--header", "a=1", "--header", "b=2=3", "--expires", "2m");

    MessageResponse message = store.fetch("orders", 1);
    assertThat(message.getHeadersMap()).containsOnly(entry("a", "1"), entry("b", "2=3"));
    assertThat(message.getExpiresAtMillis() - message.getPublishedAtMillis()).isEqualTo(120_000);
  }

  @Test
  void publishSendsAFileByteByByte(@TempDir Path dir) throws IOException {
    byte[] bytes = {0, (byte) 0xff, '\n', 13, 10, (byte) 0xc3};
    Path file = Files.write(dir.resolve("body"), bytes);

    Ctl run = ctl("publish", "orders", "--file", file.toString());

    assertThat(run.exitCode()).isZero();
    assertThat(store.fetch("orders", 1).getBody().toByteArray()).isEqualTo(bytes);
  }

  @Test
  void publishWithoutABodyIsWrongUsage() {
    Ctl run = ctl("publish", "orders");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("error: USAGE give either BODY or --file");
    assertThat(broker.calls()).isZero();
  }

  @Test
  void refusalIsOneLineWithCodeAndReason() {
    Ctl run = ctl("publish", "bad subject", "x");

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualTo("error: INVALID_ARGUMENT SUBJECT_INVALID subject \"bad subject\" is invalid\n");
  }

  @Test
  void publishIsTriedAgainWhileThereIsNoQuorum() {
    broker.refuseNext(3);

    Ctl run = ctl("publish", "orders", "hello");

    assertThat(run.out()).isEqualTo("1\n");
    assertThat(broker.calls()).isEqualTo(4);
  }

  @Test
  void publishGivesUpAfterTheTimeout() {
    broker.refuseNext(Integer.MAX_VALUE);

    Ctl run = ctl("publish", "orders", "hello", "--timeout", "300ms");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).startsWith("error: UNAVAILABLE NO_QUORUM shard 0 has no majority");
  }

  @Test
  void publishWithAKeyHappensOnce() {
    assertThat(ctl("publish", "orders", "hello", "--key", "k").out()).isEqualTo("1\n");
    assertThat(ctl("publish", "orders", "hello", "--key", "k").out()).isEqualTo("1\n");
    assertThat(store.head("orders")).isEqualTo(1);
  }

  @Test
  void nextServerIsAskedWhenTheFirstIsDown() {
    broker.close();

    Ctl run = both("publish", "orders", "hello");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).isEqualTo("1\n");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void noServerAtAllIsUnavailable() {
    broker.close();

    Ctl run = ctl("fetch", "orders", "1");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err())
        .startsWith("error: UNAVAILABLE CONNECT cannot connect to " + broker.address())
        .endsWith("(is the node running? see --server)\n");
    assertThat(run.err().lines()).hasSize(1);
  }

  @Test
  void whatMustNotHappenTwiceIsNotTriedAgain() {
    broker.refuseNext(1);

    Ctl run = both("incidx", "orders");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(other.calls()).isZero();
  }

  @Test
  void linesOfStandardInputArePublishedInOrder() {
    String input = lines(20_000);

    Ctl run = withInput(input, "publish", "orders", "-");

    assertThat(run.exitCode()).isZero();
    assertThat(run.lines())
        .isEqualTo(IntStream.rangeClosed(1, 20_000).mapToObj(Integer::toString).toList());
    assertThat(bodies("orders", 20_000)).isEqualTo(input.lines().toList());
  }

  @Test
  void lastLineNeedsNoLineFeedAndEmptyLinesAreMessages() {
    withInput("a\n\nb", "publish", "orders", "-");

    assertThat(bodies("orders", 3)).containsExactly("a", "", "b");
  }

  @Test
  void brokenPublishStreamWithoutKeysSaysWhereItStood() {
    broker.breakPublishStreamAfter(3);

    Ctl run = withInput(lines(10), "publish", "orders", "-");

    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.lines()).containsExactly("1", "2", "3");
    assertThat(run.err())
        .contains("3 lines were published, what became of lines 4 to ")
        .contains("with --key a repeat is safe");
  }

  @Test
  void brokenPublishStreamWithKeysGoesOnAtTheNextServer() {
    broker.breakPublishStreamAfter(250);

    Ctl run =
        Ctl.withInput(
            lines(2000), "--server", servers(), "publish", "orders", "-", "--key", "import-7");

    assertThat(run.exitCode()).isZero();
    assertThat(run.lines())
        .isEqualTo(IntStream.rangeClosed(1, 2000).mapToObj(Integer::toString).toList());
    assertThat(store.head("orders")).isEqualTo(2000);
    assertThat(bodies("orders", 2000)).isEqualTo(lines(2000).lines().toList());
  }

  @Test
  void fetchPrintsTheBody() {
    publish("orders", "hello");

    assertThat(ctl("fetch", "orders", "1").out()).isEqualTo("hello\n");
    assertThat(ctl("fetch", "orders", "1", "--raw").out()).isEqualTo("hello");
  }

  @Test
  void fetchWritesBytesThatAreNoTextAsTheyAre() {
    byte[] bytes = {0, (byte) 0xff, 10, (byte) 0xc3};
    store.publish(
        PublishRequest.newBuilder()
            .setSubject("orders")
            .setBody(ByteString.copyFrom(bytes))
            .build());

    assertThat(ctl("fetch", "orders", "1", "--raw").outBytes())
        .isEqualTo(ByteString.copyFrom(bytes));
    JsonObject json = json(ctl("fetch", "orders", "1", "--output", "json"));
    assertThat(json.get("bodyBase64").getAsString()).isEqualTo("AP8Kww==");
    assertThat(json.has("body")).isFalse();
  }

  @Test
  void fetchPrintsJson() {
    ctl("publish", "orders", "grüße \"x\"", "--header", "k=v", "--expires", "1s");

    JsonObject json = json(ctl("fetch", "orders", "1", "--output", "json"));

    assertThat(json.get("subject").getAsString()).isEqualTo("orders");
    assertThat(json.get("id").getAsLong()).isEqualTo(1);
    assertThat(json.get("body").getAsString()).isEqualTo("grüße \"x\"");
    assertThat(json.getAsJsonObject("headers").get("k").getAsString()).isEqualTo("v");
    assertThat(json.get("publishedAtMillis").getAsLong()).isEqualTo(1000);
    assertThat(json.get("expiresAtMillis").getAsLong()).isEqualTo(2000);
    assertThat(json.get("previousId").getAsLong()).isZero();
    assertThat(json.get("checksum").getAsLong())
        .isEqualTo(Integer.toUnsignedLong(store.fetch("orders", 1).getChecksum()));
  }

  @Test
  void fetchTellsKindsOfAbsenceApart() {
    publish("orders", "a");
    store.reserve("orders", 1);
    store.expire("orders", 1);

    Ctl expired = ctl("fetch", "orders", "1");
    Ctl reserved = ctl("fetch", "orders", "2");
    Ctl unpublished = ctl("fetch", "orders", "3");

    assertThat(List.of(expired.exitCode(), reserved.exitCode(), unpublished.exitCode()))
        .containsOnly(ExitCode.NOT_FOUND);
    assertThat(expired.err()).startsWith("error: NOT_FOUND MESSAGE_EXPIRED");
    assertThat(reserved.err()).startsWith("error: NOT_FOUND ID_RESERVED");
    assertThat(unpublished.err()).startsWith("error: NOT_FOUND ID_NOT_PUBLISHED");
  }

  @Test
  void incidxPrintsTheLastReservedId() {
    assertThat(ctl("incidx", "orders").out()).isEqualTo("1\n");
    assertThat(ctl("incidx", "orders", "--count", "10").out()).isEqualTo("11\n");
    assertThat(ctl("incidx", "orders", "--count", "2", "--output", "json").out())
        .isEqualTo("{\"subject\":\"orders\",\"firstId\":12,\"newIdx\":13}\n");
    assertThat(ctl("incidx", "orders", "--count", "0").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void broadcastPrintsHowManyWereReached() throws Exception {
    try (RunningCtl subscriber =
        RunningCtl.start("--server", broker.address(), "subscribe", "news", "--count", "1")) {
      subscriber.awaitErr("subscribed to news");

      assertThat(ctl("broadcast", "news", "hi").out()).isEqualTo("1\n");

      assertThat(subscriber.await().out()).isEqualTo("hi\n");
    }
    assertThat(ctl("broadcast", "news", "hi", "--output", "json").out())
        .isEqualTo("{\"reached\":0,\"unreachableNodes\":0}\n");
  }

  @Test
  void subscribeStartsWhereItIsTold() {
    IntStream.rangeClosed(1, 5).forEach(i -> publish("orders", "m" + i));

    assertThat(subscribe("earliest", 5)).containsExactly("m1", "m2", "m3", "m4", "m5");
    assertThat(subscribe("4", 2)).containsExactly("m4", "m5");
    assertThat(subscribe("id:4", 2)).containsExactly("m4", "m5");
    assertThat(subscribe("@3000", 3)).containsExactly("m3", "m4", "m5");
    assertThat(subscribe("1970-01-01T00:00:04.5Z", 1)).containsExactly("m5");
  }

  @ParameterizedTest
  @ValueSource(strings = {"yesterday", "2026-13-01", "12.5", "", "@x", "10 m"})
  void subscribeRefusesAStartThatIsNone(String from) {
    Ctl run = ctl("subscribe", "orders", "--from", from);

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("is none of: new, earliest, an id");
  }

  @Test
  void subscribeDeliversNewMessagesAtOnce() throws Exception {
    publish("orders", "before");
    try (RunningCtl subscriber =
        RunningCtl.start("--server", broker.address(), "subscribe", "orders", "--with-ids")) {
      subscriber.awaitErr("subscribed to orders");

      publish("orders", "after");
      subscriber.awaitOut("2\tafter\n");
      publish("orders", "more");
      subscriber.awaitOut("2\tafter\n3\tmore\n");

      assertThat(subscriber.interrupt().exitCode()).isEqualTo(ExitCode.INTERRUPTED);
    }
  }

  @Test
  void subscribePrintsJsonAndProgress() {
    publish("orders", "a");

    Ctl run =
        ctl(
            "subscribe",
            "orders",
            "--from",
            "earliest",
            "--count",
            "1",
            "--output",
            "json",
            "--quiet");
    assertThat(json(run).get("body").getAsString()).isEqualTo("a");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void subscribeShowsProgressWhenAskedTo() throws Exception {
    publish("orders", "a");
    try (RunningCtl subscriber =
        RunningCtl.start(
            "--server",
            broker.address(),
            "subscribe",
            "orders",
            "--progress",
            "--output",
            "json",
            "--from",
            "earliest")) {
      subscriber.awaitOut("{\"progress\":{\"headId\":1}}\n");
    }
  }

  @Test
  void subscribeResumesAtTheNextServerWithoutGapOrRepeat() throws Exception {
    publish("orders", "m1");
    try (RunningCtl subscriber =
        RunningCtl.start(
            "--server", servers(), "subscribe", "orders", "--from", "earliest", "--count", "4")) {
      subscriber.awaitOut("m1\n");

      broker.close();
      publish("orders", "m2");
      publish("orders", "m3");
      subscriber.awaitErr("resumed at " + other.address() + " from id 2");
      publish("orders", "m4");

      Ctl run = subscriber.await();
      assertThat(run.exitCode()).isZero();
      assertThat(run.lines()).containsExactly("m1", "m2", "m3", "m4");
    }
  }

  @Test
  void subscribeThatSawNothingYetResumesWhereItStood() throws Exception {
    publish("orders", "before");
    try (RunningCtl subscriber =
        RunningCtl.start("--server", servers(), "subscribe", "orders", "--count", "1")) {
      subscriber.awaitErr("subscribed to orders");

      broker.endStreams();
      publish("orders", "meanwhile");

      assertThat(subscriber.await().lines()).containsExactly("meanwhile");
    }
  }

  @Test
  void subscribeEndsWithTheConnectionWhenAskedTo() throws Exception {
    try (RunningCtl subscriber =
        RunningCtl.start("--server", servers(), "subscribe", "orders", "--no-reconnect")) {
      subscriber.awaitErr("subscribed to orders");

      broker.endStreams();

      Ctl run = subscriber.await();
      assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
      assertThat(run.err()).contains("error: UNAVAILABLE SHUTTING_DOWN the node stops");
    }
  }

  @Test
  void subscribeToAnInvalidSubjectIsRefused() {
    Ctl run = ctl("subscribe", "bad subject");

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.err()).contains("error: INVALID_ARGUMENT SUBJECT_INVALID");
  }

  @Test
  void completionIsValidBash(@TempDir Path dir) throws Exception {
    Path script = dir.resolve("completion");
    Files.write(script, ctl("completion").outBytes().toByteArray());

    Process bash = new ProcessBuilder("bash", "-n", script.toString()).inheritIO().start();

    assertThat(bash.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(bash.exitValue()).isZero();
    assertThat(Files.readString(script))
        .contains("publish", "--from", "fanout", "describe", "--max-age", "--up-to");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void helpListsEveryOption(List<String> command) {
    CommandLine line = Brokerctl.commandLine(new Brokerctl(Terminal.ofProcess()));
    for (String name : command) {
      line = Objects.requireNonNull(line.getSubcommands().get(name), name);
    }

    Ctl run = Ctl.run(Stream.concat(command.stream(), Stream.of("--help")).toArray(String[]::new));

    assertThat(run.exitCode()).isZero();
    assertThat(run.out()).contains("--server", "--output", "--timeout", "Exit codes");
    for (CommandLine.Model.OptionSpec option : line.getCommandSpec().options()) {
      assertThat(run.out()).contains(option.longestName());
      assertThat(option.description()).isNotEmpty();
    }
  }

  static Stream<List<String>> commands() {
    return Stream.of(
        List.of(),
        List.of("publish"),
        List.of("subscribe"),
        List.of("fetch"),
        List.of("broadcast"),
        List.of("incidx"),
        List.of("subjects"),
        List.of("subjects", "create"),
        List.of("subjects", "list"),
        List.of("subjects", "describe"),
        List.of("subjects", "update"),
        List.of("subjects", "purge"),
        List.of("subjects", "delete"),
        List.of("cluster"),
        List.of("cluster", "transfer"),
        List.of("cluster", "drain"),
        List.of("cluster", "activate"),
        List.of("cluster", "remove"),
        List.of("cluster", "move"),
        List.of("cluster", "pause"),
        List.of("cluster", "resume"),
        List.of("verify"),
        List.of("bench"),
        List.of("bench", "publish"),
        List.of("bench", "fetch"),
        List.of("bench", "subscribe"),
        List.of("bench", "fanout"),
        List.of("bench", "all"),
        List.of("completion"));
  }

  @Test
  void wrongUsageNamesTheHelp() {
    Ctl run = Ctl.run("fetch", "orders", "first");

    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("error: USAGE ").contains("try 'brokerctl fetch --help'");
    assertThat(Ctl.run("--server", "nowhere", "fetch", "a", "1").err())
        .startsWith("error: USAGE 'nowhere' is not HOST:PORT");
    assertThat(Ctl.run().exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void namesTheNearestCommandAndOption() {
    assertThat(Ctl.run("publsh", "orders", "x").err()).contains("did you mean publish?");
    assertThat(ctl("publish", "orders", "x", "--expire", "5s").err())
        .contains("did you mean --expires?");
    // The first of those that share letters with it is --max-body.
    assertThat(ctl("subjects", "create", "orders", "--max-mesages", "5").err())
        .contains("did you mean --max-messages?");
    assertThat(ctl("subjects", "create", "orders", "--max-bite=5").err())
        .contains("did you mean --max-bytes?");
    assertThat(Ctl.run("zzz").err()).doesNotContain("did you mean");
  }

  private List<String> subscribe(String from, int count) {
    return ctl("subscribe", "orders", "--from", from, "--count", Integer.toString(count)).lines();
  }

  private void publish(String subject, String body) {
    store.publish(
        PublishRequest.newBuilder()
            .setSubject(subject)
            .setBody(ByteString.copyFromUtf8(body))
            .build());
  }

  private List<String> bodies(String subject, int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(id -> store.fetch(subject, id).getBody().toStringUtf8())
        .toList();
  }

  private Ctl ctl(String... args) {
    return withInput("", args);
  }

  private Ctl withInput(String input, String... args) {
    return Ctl.withInput(input, server(broker.address(), args));
  }

  private Ctl both(String... args) {
    return Ctl.run(server(servers(), args));
  }

  private String servers() {
    return broker.address() + "," + other.address();
  }

  private static String[] server(String addresses, String... args) {
    return Stream.concat(Stream.of("--server", addresses), Arrays.stream(args))
        .toArray(String[]::new);
  }

  private static String lines(int count) {
    StringBuilder lines = new StringBuilder();
    IntStream.rangeClosed(1, count).forEach(i -> lines.append("line ").append(i).append('\n'));
    return lines.toString();
  }

  private static JsonObject json(Ctl run) {
    assertThat(run.exitCode()).isZero();
    assertThat(run.lines()).hasSize(1);
    return JsonParser.parseString(run.out()).getAsJsonObject();
  }
}
