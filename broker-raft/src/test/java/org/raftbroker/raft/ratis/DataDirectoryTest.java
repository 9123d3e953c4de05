package org.raftbroker.raft.ratis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDirectoryTest {
  @TempDir Path parent;
  private Path root;

  @BeforeEach
  void nameARoot() {
    root = parent.resolve("data");
  }

  @Test
  void oneProcessAtATime() throws Exception {
    try (DataDirectory first = DataDirectory.open(root, "c", "n1", 3, false)) {
      assertThat(first.isNew()).isTrue();
      assertThatThrownBy(() -> DataDirectory.open(root, "c", "n1", 3, false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("in use by another process")
          .hasMessageContaining(root.toString());
    }
    try (DataDirectory again = DataDirectory.open(root, "c", "n1", 3, false)) {
      assertThat(again.isNew()).isFalse();
    }
  }

  @Test
  void whoseItIsNeverChanges() throws Exception {
    DataDirectory.open(root, "c", "n1", 3, false).close();

    assertThatThrownBy(() -> DataDirectory.open(root, "other", "n1", 3, false))
        .hasMessageContaining("belongs to cluster \"c\"")
        .hasMessageContaining("\"other\"");
    assertThatThrownBy(() -> DataDirectory.open(root, "c", "n2", 3, false))
        .hasMessageContaining("node \"n1\"");
    assertThatThrownBy(() -> DataDirectory.open(root, "c", "n1", 4, false))
        .hasMessageContaining("shards \"3\"");
    assertThatThrownBy(() -> DataDirectory.open(root, "c", "n1", 3, true))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("archive \"false\", the configuration says \"true\"");
    DataDirectory.open(root, "c", "n1", 3, false).close(); // a refusal leaves it free
  }

  @Test
  void dataOfUnknownOriginIsRefused() throws Exception {
    Files.createDirectories(root.resolve("raft"));

    assertThatThrownBy(() -> DataDirectory.open(root, "c", "n1", 3, false))
        .hasMessageContaining("no node.properties");
  }

  @Test
  void aQuarantineLastsUntilItIsLifted() throws Exception {
    Quarantine quarantine = new Quarantine(root.resolve("quarantine").resolve("0"));
    assertThat(quarantine.mark()).isNull();

    quarantine.set(new Quarantine.Mark(Quarantine.Step.LEFT, "why not", false));

    assertThat(new Quarantine(root.resolve("quarantine").resolve("0")).mark())
        .isEqualTo(new Quarantine.Mark(Quarantine.Step.LEFT, "why not", false));
    quarantine.lift();
    assertThat(quarantine.mark()).isNull();
  }
}
