package org.raftbroker.localservers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LocalPostgresCommandTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --port 1                              | --dir is missing
          --dir d                               | give either --port or --stop
          --dir d --port 1 --stop               | give either --port or --stop
          --dir d --port 65536                  | --port "65536" is not a port
          --dir d --port many                   | --port "many" is not a port
          --dir d --port                        | --port needs a value
          --dir d --port 1 --fast               | unknown option --fast
          --dir d --port 1 --user Robert        | "Robert" must be 1 to 63 of a-z
          --dir d --port 1 --database a-b       | "a-b" must be 1 to 63 of a-z
          """)
  void wrongArgumentsAreNamedWithTheUsage(String arguments, String message) {
    var said = new ByteArrayOutputStream();

    int status =
        LocalPostgresCommand.run(
            List.of(arguments.split(" ")),
            System.out,
            new PrintStream(said, true, StandardCharsets.UTF_8));

    assertThat(status).isEqualTo(2);
    assertThat(said.toString(StandardCharsets.UTF_8))
        .contains(message)
        .contains("usage: LocalPostgres --dir");
  }
}
