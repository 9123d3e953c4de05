package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SizeConverterTest {
  private final SizeConverter converter = new SizeConverter();

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "65536, 65536",
    "7B, 7",
    "64KiB, 65536",
    "64 KiB, 65536",
    "10MiB, 10485760",
    "2GiB, 2147483648",
    "1TiB, 1099511627776"
  })
  void readsWhatNodesRead(String text, long bytes) {
    assertThat(converter.convert(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "MiB", "64kb", "64K", "64kib", "1.5MiB", "-1", "64  KiB", "64KiB "})
  void refusesWhatIsNoSize(String text) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage(
            "'"
                + text
                + "' is not a size such as 65536, 64KiB or 10MiB; units are B, KiB, MiB, GiB, TiB");
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThat(converter.convert("8388607TiB")).isEqualTo(8388607L << 40);
    assertThatThrownBy(() -> converter.convert("8388608TiB"))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'8388608TiB' is more than the largest size, 8388607TiB");
  }
}
