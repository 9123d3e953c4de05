package org.raftbroker.server.logging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The real {@code logback.xml} in a real process: what an operator gets on standard error. */
class LogFormatTest {
  private static final String TIME = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z ";

  @Test
  void anEventIsOneReadableLine() throws Exception {
    List<String> lines = standardError(Map.of());

    assertThat(lines.get(0))
        .matches(
            TIME
                + "INFO  \\[main] org\\.raftbroker\\.server\\.Sample leader lost shard=2"
                + " reason=\"no quorum\"");
    assertThat(lines.get(1)).matches(TIME + "WARN  \\[main] io\\.grpc\\.Sample transport failed");
    assertThat(lines.get(2))
        .matches(TIME + "ERROR \\[main] org\\.raftbroker\\.server\\.Sample shard stopped shard=0");
    assertThat(lines.get(3)).isEqualTo("java.lang.IllegalStateException: broken");
    assertThat(lines.subList(4, lines.size())).allMatch(line -> line.startsWith("\tat "));
  }

  @Test
  void jsonIsOneObjectALine() throws Exception {
    List<String> lines = standardError(Map.of("BROKER_LOG_FORMAT", "json"));

    assertThat(lines).hasSize(3).allMatch(line -> line.startsWith("{") && line.endsWith("}"));
    assertThat(lines.get(0))
        .contains("\"level\":\"INFO\"")
        .contains("\"formattedMessage\":\"leader lost\"")
        .contains("\"kvpList\": [{\"shard\":\"2\"},{\"reason\":\"no quorum\"}]");
    assertThat(lines.get(2)).contains("\"message\":\"broken\"");
  }

  @Test
  void theLevelIsOfTheBrokersOwnLoggers() throws Exception {
    List<String> lines = standardError(Map.of("BROKER_LOG_LEVEL", "DEBUG"));

    assertThat(lines).anyMatch(line -> line.matches(TIME + "DEBUG .* one request"));
    assertThat(lines).noneMatch(line -> line.contains("chatter"));
  }

  private static List<String> standardError(Map<String, String> environment)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            LogSample.class.getName());
    builder.environment().keySet().removeIf(name -> name.startsWith("BROKER_"));
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    String text = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).describedAs(text).isZero();
    return text.lines().toList();
  }
}
