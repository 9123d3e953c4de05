package org.raftbroker.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code system-tests/scale}. */
class ScaleTest {
  @TempDir private Path directory;

  @Test
  @Tag("system")
  void aClusterThatGrowsSpreadsItsReplicasAndLosesNothing() throws InterruptedException {
    assertThat(
            Scale.run(
                ScaleOptions.SHORT, directory, TestLogs.directory("ScaleTest.grows"), System.out))
        .isEmpty();
  }

  @Test
  void optionsThatMakeNoSenseAreRefusedAndSayWhy() {
    assertThat(ScaleOptions.parse()).isEqualTo(ScaleOptions.FULL);
    assertThat(ScaleOptions.parse("--short")).isEqualTo(ScaleOptions.SHORT);
    assertThat(ScaleOptions.parse("--nodes", "12", "--short").nodes()).isEqualTo(12);

    assertThatThrownBy(() -> ScaleOptions.parse("--nodes", "2"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("--nodes needs a number from 3 to 40, not \"2\"");
    assertThatThrownBy(() -> ScaleOptions.parse("--shards"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--shards");
    assertThatThrownBy(() -> ScaleOptions.parse("--node", "9"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there is no option --node");
    assertThatThrownBy(() -> ScaleOptions.parse("--subjects", "10"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("10000 subscribers");
  }
}
