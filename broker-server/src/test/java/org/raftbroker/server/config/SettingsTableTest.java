package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The README's table has every key that a node reads, in the order of {@code --show-config}. */
class SettingsTableTest {
  private static final Pattern ROW =
      Pattern.compile("\\| `([a-zA-Z]+\\.[a-zA-Z.\\[\\]]+)` \\| (.*?) \\|.*");
  private static final Pattern VALUE = Pattern.compile("`(.+)`");

  @TempDir Path directory;

  @Test
  void hasEveryKeyAndItsDefault() throws IOException {
    Path file = directory.resolve("broker.yaml");
    Files.writeString(
        file,
        """
        cluster:
          name: local
          members:
            - {id: n1, grpc: "127.0.0.1:9091", raft: "127.0.0.1:9191", http: "127.0.0.1:9391"}
        node:
          id: n1
          dataDir: data
        """);
    List<Setting> settings = NodeConfig.settings(file, Map.of());

    List<String> rows = new ArrayList<>();
    List<String> documented = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of("../README.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        rows.add(row.group(1));
        Matcher value = VALUE.matcher(row.group(2));
        // Some defaults are no constants and are told in words.
        if (value.matches()) {
          documented.add(row.group(1) + " = " + value.group(1));
        }
      }
    }

    assertThat(rows)
        .containsExactlyElementsOf(
            settings.stream().map(setting -> setting.key().replace("[0]", "[]")).toList());
    assertThat(settings.stream().map(setting -> setting.key() + " = " + setting.value()))
        .hasSizeGreaterThan(50)
        .containsAll(documented);
  }
}
