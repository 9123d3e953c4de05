package org.raftbroker.localservers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LocalCassandraCallTest {
  @Test
  void everyOptionIsRead() {
    LocalCassandraCall call =
        parse(
            "--dir /d --cql-port 1 --storage-port 2 --jmx-port 3 --heap-mib 256 --passwords"
                + " --detach");

    assertThat(call.settings()).isEqualTo(new CassandraSettings(Path.of("/d"), 1, 2, 3, 256, true));
    assertThat(call.detach()).isTrue();
  }

  @Test
  void onlyTheDirectoryIsNeeded() {
    LocalCassandraCall call = parse("--dir /d");

    assertThat(call.settings()).isEqualTo(CassandraSettings.in(Path.of("/d")));
    assertThat(call.detach()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "--cql-port 1, --dir is missing",
    "--dir, --dir needs a value",
    "--dir d --cql-port 0, --cql-port must be a number from 1 to 65535",
    "--dir d --heap-mib x, --heap-mib must be a number",
    "--dir d --heap-mib 64, at least 256",
    "--dir d --port 1, unknown option \"--port\"",
  })
  void aWrongCallIsRefusedWithWhatIsWrong(String call, String message) {
    assertThatThrownBy(() -> parse(call))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static LocalCassandraCall parse(String call) {
    return LocalCassandraCall.parse(call.split(" "));
  }
}
