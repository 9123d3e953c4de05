package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  @ParameterizedTest
  @CsvSource({
    "'', '', 0",
    "'', abc, 3",
    "abc, '', 3",
    "timeout, timeout, 0",
    "timeout, timeot, 1",
    "timeout, timeoutt, 1",
    "timeout, timeour, 1",
    "timeout, timeuot, 1",
    "kitten, sitting, 3",
  })
  void distanceCountsEdits(String from, String to, int edits) {
    assertThat(Nearest.distance(from, to)).isEqualTo(edits);
    assertThat(Nearest.distance(to, from)).isEqualTo(edits);
  }

  @Test
  void theClosestWinsAndTiesAreSettledByName() {
    assertThat(Nearest.to("member", List.of("name", "members", "node"))).contains("members");
    assertThat(Nearest.to("max_batch_bytes", List.of("maxBatchBytes"))).contains("maxBatchBytes");
    assertThat(Nearest.to("grb", List.of("grp", "gra"))).contains("gra");
  }

  @Test
  void whatIsFarFromEverythingIsNotGuessed() {
    assertThat(Nearest.to("kafka", List.of("node", "store", "cluster"))).isEmpty();
    assertThat(Nearest.to("x", List.of("id"))).isEmpty();
    assertThat(Nearest.to("x", List.of())).isEmpty();
  }
}
