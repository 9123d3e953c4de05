package org.raftbroker.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

/** What somebody is told who gets the options wrong. */
final class MainTest {
  private final StringWriter err = new StringWriter();

  private int run(String... args) {
    return Main.commandLine().setErr(new PrintWriter(err, true)).execute(args);
  }

  @Test
  void aMisspeltOptionIsNamedWithTheRightOne() {
    assertThat(run("--confg", "x.yaml")).isEqualTo(2);

    assertThat(err.toString()).contains("'--confg'").contains("--config").contains("--help");
  }

  @Test
  void anOptionThatIsMissingIsNamed() {
    assertThat(run()).isEqualTo(2);

    assertThat(err.toString()).contains("--config=FILE").contains("--help");
  }
}
