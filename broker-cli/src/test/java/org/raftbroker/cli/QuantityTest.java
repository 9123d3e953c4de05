package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;

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

  @Test
  void onlyOneIsSingular() {
    assertThat(Quantity.count(0, "shard")).isEqualTo("0 shards");
    assertThat(Quantity.count(1, "shard")).isEqualTo("1 shard");
    assertThat(Quantity.count(2, "shard")).isEqualTo("2 shards");
  }
}
