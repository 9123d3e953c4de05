package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantityTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1536, 1.5 KiB",
    "5872026, 5.6 MiB",
    "1125899906842624, 1024.0 TiB"
  })
  void sizeIsRounded(long bytes, String size) {
    assertThat(Quantity.size(bytes)).isEqualTo(size);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1000, 1000",
    "1024, 1KiB",
    "1536, 1536",
    "10485760, 10MiB",
    "10737418241, 10737418241",
    "1125899906842624, 1024TiB"
  })
  void exactSizeIsReadAsTheSame(long bytes, String size) {
    assertThat(Quantity.exactSize(bytes)).isEqualTo(size);
    assertThat(new SizeConverter().convert(size)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({"1, 1s", "90, 90s", "120, 2m", "5400, 90m", "129600, 36h", "604800, 7d"})
  void exactDurationIsReadAsTheSame(long seconds, String duration) {
    assertThat(Quantity.exactDuration(seconds)).isEqualTo(duration);
    assertThat(new DurationConverter().convert(duration)).isEqualTo(Duration.ofSeconds(seconds));
  }

  @Test
  void onlyOneIsSingular() {
    assertThat(Quantity.count(0, "shard")).isEqualTo("0 shards");
    assertThat(Quantity.count(1, "shard")).isEqualTo("1 shard");
    assertThat(Quantity.count(2, "shard")).isEqualTo("2 shards");
  }
}
