package org.raftbroker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SecondsConverterTest {
  private final SecondsConverter converter = new SecondsConverter();

  @ParameterizedTest
  @CsvSource({"0, 0", "0s, 0", "2000ms, 2", "90m, 5400", "7d, 604800", "24855d, 2147472000"})
  void readsWholeSeconds(String text, int seconds) {
    assertThat(converter.convert(text)).isEqualTo(seconds);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10", "00", "1w", "-1s", "1.5h"})
  void refusesWhatIsNoDuration(String text) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'" + text + "' is not a duration such as 500ms, 30s, 5m, 12h or 7d");
  }

  @ParameterizedTest
  @CsvSource({"500ms, 1s", "1500ms, 2s"})
  void refusesFractionsOfASecond(String text, String instead) {
    assertThatThrownBy(() -> converter.convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'" + text + "' is no whole number of seconds; write " + instead);
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(() -> converter.convert("24856d"))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage(
            "'24856d' is longer than the longest, 24855d; write a shorter duration, or 0 for no"
                + " limit");
  }
}
