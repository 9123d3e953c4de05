package org.raftbroker.server.tracing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.raftbroker.server.config.ConfigException;
import org.raftbroker.server.config.NodeConfig;

final class TracingConfigTest {
  private static final String NODE =
      """
      cluster:
        name: local
        members:
          - {id: n1, grpc: "127.0.0.1:9091", raft: "127.0.0.1:9191", http: "127.0.0.1:9391"}
      node: {id: n1, dataDir: data}
      """;

  @TempDir private Path directory;

  @Test
  void absentKeysHaveTheDefaults() throws IOException {
    assertThat(read("")).isEqualTo(TracingConfig.DEFAULT);
  }

  @Test
  void everyKeyIsRead() throws IOException {
    assertThat(read("tracing: {endpoint: 'https://collector:4318/', maxQueuedSpans: 100}"))
        .isEqualTo(new TracingConfig(Optional.of(URI.create("https://collector:4318")), 100));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"collector:4318", "grpc://collector:4317", "http://", "http://a b", "http://c/v1"})
  void whatIsNoAddressOfACollectorIsRefused(String endpoint) {
    assertThatThrownBy(() -> read("tracing: {endpoint: '" + endpoint + "'}"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tracing.endpoint")
        .hasMessageContaining("http://host:port");
  }

  private TracingConfig read(String section) throws IOException {
    Path file = directory.resolve("broker.yaml");
    Files.writeString(file, NODE + section + "\n");
    return NodeConfig.load(file, Map.of()).tracing();
  }
}
