package org.raftbroker.server.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.raftbroker.server.config.ConfigException;
import org.raftbroker.server.config.NodeConfig;

final class ConsoleConfigTest {
  private static final String NODE =
      """
      cluster:
        name: local
        members:
          - {id: n1, grpc: "127.0.0.1:9091", raft: "127.0.0.1:9191", http: "127.0.0.1:9391"}
      node: {id: n1, dataDir: data}
      """;

  private static final String TOKEN = "0123456789abcdef";

  @TempDir private Path directory;

  @Test
  void absentKeysHaveTheDefaults() throws IOException {
    assertThat(read("", Map.of())).isEqualTo(ConsoleConfig.DEFAULT);
  }

  @Test
  void everyKeyIsRead() throws IOException {
    ConsoleConfig config =
        read(
            "http: {console: {enabled: false, token: " + TOKEN + ", threads: 3, watchers: 20}}\n",
            Map.of());

    assertThat(config).isEqualTo(new ConsoleConfig(false, TOKEN, 3, 20));
  }

  @Test
  void theEnvironmentGivesTheToken() throws IOException {
    ConsoleConfig config = read("", Map.of("BROKER_HTTP_CONSOLE_TOKEN", TOKEN));

    assertThat(config.token()).isEqualTo(TOKEN);
  }

  @Test
  void theTokenIsNotShown() throws IOException {
    Path file = file("");
    Map<String, String> environment = Map.of("BROKER_HTTP_CONSOLE_TOKEN", TOKEN);

    assertThat(NodeConfig.load(file, environment).toString()).doesNotContain(TOKEN);
    assertThat(NodeConfig.settings(file, environment).toString()).doesNotContain(TOKEN);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          token: too-short       | http.console.token
          token: with a space in it | http.console.token
          threads: 0             | http.console.threads
          threads: 65            | http.console.threads
          watchers: 0            | http.console.watchers
          watchers: 101          | http.console.watchers
          enabled: on            | http.console.enabled
          """)
  void whatCannotBeUsedIsRefused(String setting, String key) {
    assertThatThrownBy(() -> read("http: {console: {" + setting + "}}\n", Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(key)
        .hasMessageNotContaining("too-short")
        .hasMessageNotContaining("with a space");
  }

  private ConsoleConfig read(String sections, Map<String, String> environment) throws IOException {
    return NodeConfig.load(file(sections), environment).console();
  }

  private Path file(String sections) throws IOException {
    return Files.writeString(directory.resolve("broker.yaml"), NODE + sections);
  }
}
