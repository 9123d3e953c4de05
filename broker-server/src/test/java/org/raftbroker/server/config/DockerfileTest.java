package org.raftbroker.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What can break in {@code docker/Dockerfile} by a change elsewhere; needs no Docker. */
class DockerfileTest {
  private static final Path REPOSITORY = Path.of("..");

  /** From the repository; what comes from another stage is not there yet. */
  private static final Pattern COPY = Pattern.compile("(?m)^COPY (?!--from)(.+) \\S+$");

  private static final Pattern SPACE = Pattern.compile(" ");
  private static final Pattern MODULE = Pattern.compile("<module>(.+)</module>");

  @Test
  void whatItCopiesIsThereAndNotIgnored() throws IOException {
    List<String> ignored = Files.readAllLines(REPOSITORY.resolve(".dockerignore"));

    assertThat(sources()).isNotEmpty();
    for (String source : sources()) {
      assertThat(REPOSITORY.resolve(source)).exists();
      assertThat(ignored).doesNotContain(Path.of(source).getName(0).toString());
    }
  }

  /** Maven reads the POM of every module, also of those that it does not build. */
  @Test
  void everyModuleIsThere() throws IOException {
    List<String> sources = sources();

    assertThat(all(MODULE, Files.readString(REPOSITORY.resolve("pom.xml"))))
        .hasSizeGreaterThan(5)
        .allSatisfy(
            module ->
                assertThat(sources).anyMatch(source -> (module + "/pom.xml").startsWith(source)));
  }

  @Test
  void runsOnTheJavaThatItIsBuiltForAndNotAsRoot() throws IOException {
    String dockerfile = dockerfile();
    String release =
        all(
                Pattern.compile("<maven.compiler.release>(\\d+)<"),
                Files.readString(REPOSITORY.resolve("pom.xml")))
            .get(0);

    // The second stage gets its Java from the first.
    assertThat(all(Pattern.compile("(?m)^FROM (\\S+)"), dockerfile))
        .hasSize(2)
        .element(0)
        .asString()
        .matches(".*temurin-" + release);
    assertThat(all(Pattern.compile("(?m)^USER (\\S+)"), dockerfile))
        .singleElement()
        .asString()
        .matches("[1-9]\\d*:[1-9]\\d*");
  }

  private static List<String> sources() throws IOException {
    return all(COPY, dockerfile()).stream().flatMap(SPACE::splitAsStream).toList();
  }

  private static String dockerfile() throws IOException {
    return Files.readString(REPOSITORY.resolve("docker/Dockerfile"));
  }

  private static List<String> all(Pattern pattern, String text) {
    List<String> found = new ArrayList<>();
    Matcher matcher = pattern.matcher(text);
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }
}
