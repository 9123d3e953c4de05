package org.raftbroker.server.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.raftbroker.message.BrokerException;
import org.raftbroker.message.Reason;

/** {@code docs/errors.md} promises clients what {@link ErrorStatus} does. */
class ErrorsPageTest {
  private static final Pattern ROW = Pattern.compile("\\| `([A-Z_]+)` \\| `([A-Z_]+)` \\|.*");

  @Test
  void namesEveryReasonWithTheCodeThatClientsGet() throws IOException {
    Map<String, String> codeByReason = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("../docs/errors.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        assertThat(codeByReason.put(row.group(1), row.group(2))).as(line).isNull();
      }
    }

    Map<String, String> actual =
        Arrays.stream(Reason.values())
            .collect(
                Collectors.toMap(
                    Reason::name,
                    reason -> ErrorStatus.of(new BrokerException(reason, "")).code().name()));

    assertThat(codeByReason).containsExactlyInAnyOrderEntriesOf(actual);
  }
}
