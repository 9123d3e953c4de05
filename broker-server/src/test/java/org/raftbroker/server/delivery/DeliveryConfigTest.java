package org.raftbroker.server.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.raftbroker.server.config.ConfigException;
import org.raftbroker.server.config.NodeConfig;

final class DeliveryConfigTest {
  private static final String NODE =
      """
      cluster:
        name: local
        members:
          - id: n1
            grpc: 127.0.0.1:9091
            raft: 127.0.0.1:9191
            http: 127.0.0.1:9391
      node:
        id: n1
        dataDir: data
      """;

  @TempDir private Path directory;

  @Test
  void absentKeysHaveTheDefaults() throws IOException {
    assertThat(read("")).isEqualTo(DeliveryConfig.DEFAULT);
  }

  @Test
  void everyKeyIsRead() throws IOException {
    DeliveryConfig config =
        read(
            """
            delivery:
              tailBytes: 64MiB
              subjectTailBytes: 4MiB
              readBytes: 128KiB
              readThreads: 3
              progressInterval: 5s
            """);

    assertThat(config)
        .isEqualTo(new DeliveryConfig(64L << 20, 4L << 20, 128 << 10, 3, Duration.ofSeconds(5)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          tailBytes        | 255KiB  | 256KiB to 16GiB
          tailBytes        | 17GiB   | 256KiB to 16GiB
          subjectTailBytes | 63KiB   | 64KiB to 16GiB
          readBytes        | 4095    | 4KiB to 8MiB
          readBytes        | 9MiB    | 4KiB to 8MiB
          readThreads      | 0       | 1 to 64
          readThreads      | 65      | 1 to 64
          progressInterval | 99ms    | 100ms to 10s
          progressInterval | 11s     | 100ms to 10s
          """)
  void valuesOutOfBoundsAreRefusedByName(String key, String value, String bounds) {
    assertThatThrownBy(() -> read("delivery:\n  " + key + ": " + value + "\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("delivery." + key + " is \"" + value + "\"")
        .hasMessageContaining(bounds);
  }

  private DeliveryConfig read(String section) throws IOException {
    Path file = Files.writeString(directory.resolve("broker.yaml"), NODE + section);
    return NodeConfig.load(file, Map.of()).delivery();
  }
}
