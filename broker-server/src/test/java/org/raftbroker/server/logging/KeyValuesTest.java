package org.raftbroker.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.spi.LoggingEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.KeyValuePair;

class KeyValuesTest {
  private final KeyValues keyValues = new KeyValues();

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "n1                | id=n1",
        "127.0.0.1:9091    | id=127.0.0.1:9091",
        "Köln/ü            | id=Köln/ü",
        "two words         | id=\"two words\"",
        "a=b               | id=\"a=b\"",
        "say \"hi\"        | id=\"say \\\"hi\\\"\"",
        "C:\\dir           | id=\"C:\\\\dir\"",
        "``                | id=\"\"",
      })
  void valuesAreQuotedOnlyWhereTheyWouldBeMisread(String value, String rendered) {
    assertThat(render("id", value)).isEqualTo(" " + rendered);
  }

  @Test
  void anEventStaysOnItsLine() {
    assertThat(render("cause", "one\ntwo\r\tthree\u001b[31m"))
        .isEqualTo(" cause=\"one\\ntwo\\r\\tthree\\u001b[31m\"");
  }

  @Test
  void whatIsNotThereIsSaidSo() {
    assertThat(render("leader", null)).isEqualTo(" leader=null");
  }

  @Test
  void pairsKeepTheirOrder() {
    LoggingEvent event = new LoggingEvent();
    event.addKeyValuePair(new KeyValuePair("shard", 2));
    event.addKeyValuePair(new KeyValuePair("leader", "n1"));

    assertThat(keyValues.convert(event)).isEqualTo(" shard=2 leader=n1");
  }

  @Test
  void anEventWithoutPairsHasNoTail() {
    assertThat(keyValues.convert(new LoggingEvent())).isEmpty();
  }

  private String render(String key, @Nullable Object value) {
    LoggingEvent event = new LoggingEvent();
    event.addKeyValuePair(new KeyValuePair(key, value));
    return keyValues.convert(event);
  }
}
