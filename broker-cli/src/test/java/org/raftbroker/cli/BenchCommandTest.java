package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.bench.WarmUp;

class BenchCommandTest {
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

  @ParameterizedTest
  @CsvSource({"unary, 1, 1", "unary, 1, 64", "stream, 1, 64", "stream, 10, 64", "batch, 7, 64"})
  void publishIsMeasuredAndVerified(String mode, String frame, String outstanding) {
    Ctl run =
        bench(
            "publish",
            "--mode",
            mode,
            "--frame",
            frame,
            "--outstanding",
            outstanding,
            "--subjects",
            "3");

    JsonObject json = json(run);
    assertThat(json.get("count").getAsLong()).isPositive();
    assertThat(json.get("verified").getAsBoolean()).isTrue();
    assertThat(json.getAsJsonObject("failures").size()).isZero();
    assertThat(json.getAsJsonObject("latencyMillis").get("p50").getAsDouble()).isPositive();
    assertThat(json.get("fsyncMillis").getAsDouble()).isPositive();
    assertThat(run.err()).contains("measure   1 s");
  }

  @Test
  void openLoopOffersTheRateThatIsAskedFor() {
    long begun = System.nanoTime();
    JsonObject json = json(bench("publish", "--rate", "200"));
    double seconds = (System.nanoTime() - begun) / 1e9;

    // All that were sent: what waited while the machine was busy falls into any part of the time.
    assertThat((double) (broker.calls() + other.calls()))
        .isBetween(150 * json.get("seconds").getAsDouble(), 200 * seconds + 10);
  }

  @Test
  void failedPublishesAreCounted() {
    broker.refuseNext(5);

    JsonObject json = json(bench("publish", "--outstanding", "1", "--warm-up", "0s"));

    assertThat(json.getAsJsonObject("failures").get("UNAVAILABLE").getAsLong()).isEqualTo(5);
    assertThat(json.get("verified").getAsBoolean()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"unary", "stream", "batch"})
  void nodeThatDiesWhileMeasuredIsCountedAndTheOthersGoOn(String mode) throws Exception {
    try (RunningCtl bench =
        RunningCtl.start(
            "--server",
            broker.address() + "," + other.address(),
            "--output",
            "json",
            "bench",
            "publish",
            "--mode",
            mode,
            "--warm-up",
            "0s",
            "--duration",
            "6s")) {
      bench.awaitErr("measure   1 s");

      other.close();

      JsonObject json = json(bench.await());
      assertThat(json.getAsJsonObject("failures").get("UNAVAILABLE").getAsLong()).isPositive();
      assertThat(json.get("verified").getAsBoolean()).isTrue();
    }
  }

  @Test
  void fetchIsMeasuredAndVerified() {
    JsonObject json = json(bench("fetch", "--messages", "1000", "--outstanding", "8"));

    assertThat(json.get("count").getAsLong()).isPositive();
    assertThat(json.get("verified").getAsBoolean()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"false", "true"})
  void subscribeIsMeasuredAndVerified(boolean batches) {
    String[] args = {"subscribe", "--messages", "500", "--subscribers", "2"};
    JsonObject json =
        json(
            batches
                ? bench(
                    Stream.concat(Arrays.stream(args), Stream.of("--batches"))
                        .toArray(String[]::new))
                : bench(args));

    assertThat(json.get("count").getAsLong()).isGreaterThanOrEqualTo(500);
    assertThat(json.get("verified").getAsBoolean()).isTrue();
    assertThat(json.has("latencyMillis")).isFalse();
  }

  @Test
  void fanoutIsMeasuredAndVerified() {
    JsonObject json =
        json(bench("fanout", "--subscribers", "10", "--publishers", "2", "--outstanding", "16"));

    assertThat(json.get("unit").getAsString()).isEqualTo("deliveries");
    assertThat(json.get("count").getAsLong()).isPositive();
    assertThat(json.get("verified").getAsBoolean()).isTrue();
  }

  @Test
  void brokerThatGivesAnIdTwiceIsFound() throws Exception {
    // Two stores behind one list of servers: each counts for itself, as no cluster may.
    try (MemoryBroker forked = new MemoryBroker(new MemoryStore())) {
      Ctl run =
          Ctl.run(
              "--server",
              broker.address() + "," + forked.address(),
              "bench",
              "publish",
              "--warm-up",
              "0s",
              "--duration",
              "1s");

      assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
      assertThat(run.out()).contains("VIOLATED").contains("ids given twice");
    }
  }

  @Test
  void textNamesWhatWasMeasured() {
    Ctl run =
        Ctl.run(
            "--server",
            broker.address(),
            "bench",
            "publish",
            "--warm-up",
            "0s",
            "--duration",
            "1s",
            "--outstanding",
            "4");

    assertThat(run.exitCode()).isZero();
    assertThat(run.out())
        .contains("outstanding 4")
        .contains("messages/s")
        .contains("p99.9")
        .contains("ids and order hold")
        .contains("shorter than " + WarmUp.UNTIL_STEADY.atLeast().toSeconds() + " s");
  }

  @Test
  void impossibleSettingsAreRefused() {
    assertThat(bench("publish", "--body", "3").err()).startsWith("error: BENCH body of 3 bytes");
    assertThat(bench("publish", "--outstanding", "5", "--frame", "10", "--mode", "stream").err())
        .contains("cannot hold a frame of 10 messages");
    assertThat(bench().exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void nodeThatIsDownIsNamed() {
    other.close();

    Ctl run = bench("publish");

    assertThat(run.exitCode()).isEqualTo(ExitCode.REFUSED);
    assertThat(run.err()).contains("cannot connect to " + other.address());
  }

  private Ctl bench(String... args) {
    Stream<String> common =
        Stream.of(
            "--server", broker.address() + "," + other.address(), "--output", "json", "bench");
    Stream<String> quick = args.length == 0 ? Stream.of() : Stream.of("--duration", "1s");
    Stream<String> warmUp =
        args.length == 0 || Arrays.asList(args).contains("--warm-up")
            ? Stream.of()
            : Stream.of("--warm-up", "0s");
    return Ctl.run(
        Stream.of(common, Arrays.stream(args), quick, warmUp)
            .flatMap(each -> each)
            .toArray(String[]::new));
  }

  private static JsonObject json(Ctl run) {
    assertThat(run.exitCode()).as(run.err()).isZero();
    return JsonParser.parseString(run.out()).getAsJsonObject();
  }
}
