package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LimitsConfigTest {
  @Test
  void absentSectionGivesTheDefaults() {
    assertThat(TestLimits.read(Map.of())).isEqualTo(LimitsConfig.DEFAULT);
  }

  @Test
  void everyLimitHasItsKey() {
    TestLimits section = new TestLimits(Map.of());
    LimitsConfig.read(section);

    assertThat(section.read)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(LimitsConfig.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList());
  }

  @Test
  void everyKeyIsReadIntoItsLimit() throws ReflectiveOperationException {
    for (RecordComponent limit : LimitsConfig.class.getRecordComponents()) {
      Object value = limit.getType() == Duration.class ? Duration.ofSeconds(77) : 64 * 1024;
      if (limit.getName().equals("eventLoops")) {
        value = 77;
      }

      LimitsConfig read = TestLimits.read(Map.of(limit.getName(), value));

      assertThat(limit.getAccessor().invoke(read)).as(limit.getName()).isEqualTo(value);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "maxBodyBytes, 1023",
    "maxBodyBytes, 8388609",
    "maxHeaderBytes, -1",
    "maxHeaderBytes, 65537",
    "maxBatchMessages, 0",
    "maxBatchMessages, 100001",
    "maxCallsPerConnection, 0",
    "maxStreamsPerConnection, 0",
    "maxMetadataBytes, 1023",
    "maxMetadataBytes, 1048577",
    "maxUnansweredBytes, 65535",
    "maxUnansweredMessages, 0",
    "maxUnsentBytes, 4095",
    "maxResetsPerWindow, 9",
    "eventLoops, 0",
    "eventLoops, 257",
  })
  void valueOutOfRangeIsAProblemThatNamesTheKey(String key, int value) {
    TestLimits section = new TestLimits(Map.of(key, value));
    LimitsConfig.read(section);

    assertThat(section.problems).singleElement().asString().contains(key, Integer.toString(value));
  }

  @Test
  void transportTakesMoreThanAnyRequestMayHave() {
    LimitsConfig largest = TestLimits.read(Map.of("maxBodyBytes", 8 << 20));
    for (LimitsConfig limits : new LimitsConfig[] {LimitsConfig.DEFAULT, largest}) {
      assertThat(limits.maxRequestBytes()).isGreaterThan(limits.maxBodyBytes());
      assertThat(limits.maxTransportBytes()).isGreaterThanOrEqualTo(limits.maxRequestBytes());
    }
  }
}
