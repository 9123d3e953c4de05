package org.raftbroker.testservers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class TestServersTest {
  @Test
  void serversAreLocalUnlessContainersAreAskedFor() {
    assertThat(TestServers.inContainers(null)).isFalse();
    assertThat(TestServers.inContainers("")).isFalse();
    assertThat(TestServers.inContainers("local")).isFalse();
    assertThat(TestServers.inContainers("containers")).isTrue();
    assertThatThrownBy(() -> TestServers.inContainers("docker"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "RAFTBROKER_TEST_SERVERS is \"docker\"; must be local (the default) or containers");
  }

  /** Whose versions are compared with those of the local servers. */
  @Test
  void containersAreThoseOfTheComposeFile() throws IOException {
    assertThat(Files.readAllLines(Path.of("../docker/compose.yaml")))
        .contains("    image: " + ServerContainer.CASSANDRA_IMAGE)
        .contains("    image: " + ServerContainer.POSTGRES_IMAGE);
  }
}
