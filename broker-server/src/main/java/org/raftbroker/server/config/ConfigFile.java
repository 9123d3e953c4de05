package org.raftbroker.server.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.raftbroker.config.ConfigSection;

/**
 * A YAML file with the environment over it, read once.
 *
 * @param settings every key that was asked for, in that order, with what it has come to
 */
record ConfigFile<T>(T config, List<Setting> settings) {
  /** Far above any configuration, far below what a mistaken path may lead to. */
  private static final int MAX_BYTES = 1 << 20;

  /**
   * Reads a whole file.
   *
   * @param reader makes the record; what it returns after a problem is thrown away
   * @throws ConfigException if anything is wrong, naming all of it
   */
  static <T> ConfigFile<T> read(
      Path file, Map<String, String> environment, Function<ConfigSection, T> reader) {
    Problems problems = new Problems();
    Optional<YamlNode.Mapping> root =
        text(file, problems).flatMap(text -> YamlTree.parse(text, problems));
    if (root.isEmpty()) {
      // Without the file every key would be missing and every variable unknown: say what matters.
      throw new ConfigException(file, problems.lines());
    }
    ConfigReading reading = new ConfigReading(new Environment(environment), problems);
    T config = reader.apply(new YamlSection(reading, KeyPath.ROOT, root.get()));
    reading.reportUnknown(KeyPath.ROOT, root.get());
    reading.environment().reportUnknown(reading.known(), problems);
    if (!problems.lines().isEmpty()) {
      throw new ConfigException(file, problems.lines());
    }
    return new ConfigFile<>(config, reading.settings());
  }

  private static Optional<String> text(Path file, Problems problems) {
    if (!Files.exists(file)) {
      problems.add("there is no such file (looked for " + file.toAbsolutePath().normalize() + ")");
    } else if (Files.isDirectory(file)) {
      problems.add("this is a directory; name the file in it");
    } else {
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = in.readNBytes(MAX_BYTES + 1);
        if (bytes.length <= MAX_BYTES) {
          return Optional.of(decode(bytes));
        }
        problems.add("the file is larger than 1MiB; that is no configuration");
      } catch (CharacterCodingException e) {
        problems.add("the file is not UTF-8 text");
      } catch (AccessDeniedException e) {
        problems.add(
            "the file must not be read by the user "
                + System.getProperty("user.name")
                + "; change its owner or mode");
      } catch (IOException e) {
        problems.add("the file cannot be read: " + e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** Strictly: a decoder that replaces what it cannot read would change names and secrets. */
  private static String decode(byte[] bytes) throws CharacterCodingException {
    String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }
}
