package org.raftbroker.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class ProbesTest {
  @Test
  void fsyncIsTimedAndLeavesNothingBehind(@TempDir Path dir) throws IOException {
    assertThat(FsyncProbe.medianMillis(dir)).isBetween(0.001, 1000.0);
    try (Stream<Path> left = Files.list(dir)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void missingProbeDirIsNamed(@TempDir Path dir) {
    assertThatThrownBy(() -> FsyncProbe.medianMillis(dir.resolve("none")))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("--probe-dir");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void memoryAndCpuOfAProcessAreRead() {
    long pid = ProcessHandle.current().pid();

    assertThat(ProcessStat.residentBytes(pid)).isBetween(10L << 20, 1L << 40);
    assertThat(ProcessStat.cpuSeconds(pid)).isPositive();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void processThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> ProcessStat.residentBytes(Integer.MAX_VALUE))
        .isInstanceOf(BenchException.class)
        .hasMessageContaining("--pids");
  }
}
