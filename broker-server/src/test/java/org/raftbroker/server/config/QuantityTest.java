package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "1, 1, 1",
    "1023B, 1023, 1023",
    "1024, 1024, 1KiB",
    "64KiB, 65536, 64KiB",
    "64 KiB, 65536, 64KiB",
    "1536KiB, 1572864, 1536KiB",
    "4MiB, 4194304, 4MiB",
    "1024MiB, 1073741824, 1GiB",
    "8388607TiB, 9223370937343148032, 8388607TiB",
  })
  void sizesAreReadAndWritten(String text, long bytes, String formatted) {
    assertThat(Quantity.bytes(text)).contains(bytes);
    assertThat(Quantity.format(bytes)).isEqualTo(formatted);
    assertThat(Quantity.bytes(formatted)).contains(bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-1",
        "+1",
        "1.5MiB",
        "64KB",
        "64kib",
        "64 K",
        "1e6",
        "KiB",
        "1MiB ",
        "8388608TiB",
        "9999999999999999999",
        "\u0661"
      })
  void anythingElseIsNoSize(String text) {
    assertThat(Quantity.bytes(text)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "0ms, 0, 0ms",
    "250ms, 250, 250ms",
    "1500ms, 1500, 1500ms",
    "10s, 10000, 10s",
    "60s, 60000, 1m",
    "5m, 300000, 5m",
    "90 m, 5400000, 90m",
    "1h, 3600000, 1h",
  })
  void lengthsOfTimeAreReadAndWritten(String text, long millis, String formatted) {
    Duration duration = Duration.ofMillis(millis);

    assertThat(Quantity.duration(text)).contains(duration);
    assertThat(Quantity.format(duration)).isEqualTo(formatted);
    assertThat(Quantity.duration(formatted)).contains(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "-1s", "1.5s", "1 min", "10S", "1d", "PT10S", "s"})
  void anythingElseIsNoLengthOfTime(String text) {
    assertThat(Quantity.duration(text)).isEmpty();
  }
}
