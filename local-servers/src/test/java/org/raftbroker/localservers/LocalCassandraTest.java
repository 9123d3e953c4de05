package org.raftbroker.localservers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That a server runs is shown by those who use one. */
final class LocalCassandraTest {
  @TempDir Path directory;

  @Test
  void portThatIsTakenIsNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      CassandraSettings settings =
          new CassandraSettings(directory, taken.getLocalPort(), 7000, 0, 256, false);

      assertThatThrownBy(() -> LocalCassandra.start(settings))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("port " + taken.getLocalPort() + " of 127.0.0.1");
    }
  }

  @Test
  void serverThatEndsAtItsStartIsReportedWithTheEndOfItsLog() throws IOException {
    Files.writeString(directory.resolve("data"), "where its directory should be");

    assertThatThrownBy(() -> LocalCassandra.start(CassandraSettings.onFreePorts(directory)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("ended with exit code")
        .hasMessageContaining("the end of " + directory.resolve("cassandra.log"));
  }

  @Test
  void wrongCallEndsWithTwoAndSaysHowItIsUsed() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();

    int status =
        LocalCassandra.run(
            new String[] {"--port", "1"},
            new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));

    assertThat(status).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.UTF_8))
        .startsWith("cassandra: unknown option \"--port\"")
        .contains("Usage:");
  }
}
