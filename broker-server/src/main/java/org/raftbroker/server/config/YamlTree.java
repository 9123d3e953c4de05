package org.raftbroker.server.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.ReaderException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * Reads YAML text into nodes that know their lines. Built on the token stream, because a ready-made
 * tree has forgotten lines, repeated keys and aliases, which a person wants to hear of.
 */
final class YamlTree {
  private static final YAMLFactory YAML = new YAMLFactory();

  private final YAMLParser parser;
  private final Problems problems;

  private YamlTree(YAMLParser parser, Problems problems) {
    this.parser = parser;
    this.problems = problems;
  }

  /**
   * Reads the one document that a file holds.
   *
   * @param problems takes what is wrong; whatever can be read is read nevertheless
   * @return empty if the text is not a map of sections
   */
  static Optional<YamlNode.Mapping> parse(String text, Problems problems) {
    try (JsonParser parser = YAML.createParser(ObjectReadContext.empty(), text)) {
      return new YamlTree((YAMLParser) parser, problems).document();
    } catch (JacksonException e) {
      problems.add(describe(e, text));
      return Optional.empty();
    }
  }

  private Optional<YamlNode.Mapping> document() {
    if (parser.nextToken() == null) {
      problems.add("the file is empty; it needs at least the sections cluster and node");
      return Optional.empty();
    }
    YamlNode root = node(KeyPath.ROOT, line());
    if (parser.nextToken() != null) {
      problems.add("line " + line() + ": a second YAML document begins; one file holds one");
    }
    if (root instanceof YamlNode.Mapping mapping) {
      return Optional.of(mapping);
    }
    problems.add(
        "line "
            + root.line()
            + ": the file is "
            + root.kind()
            + "; it must be a map of sections, such as \"cluster:\" with indented keys below");
    return Optional.empty();
  }

  private YamlNode node(KeyPath path, int line) {
    JsonToken token = parser.currentToken();
    if (token == JsonToken.START_OBJECT) {
      return mapping(path, line);
    }
    if (token == JsonToken.START_ARRAY) {
      return sequence(path, line);
    }
    if (token == JsonToken.VALUE_NULL) {
      return new YamlNode.Nothing(line);
    }
    if (parser.isCurrentAlias()) {
      problems.add(
          path,
          "line "
              + line
              + ": "
              + path
              + " begins with *, which YAML takes for an alias; quote it, or write it out");
      return new YamlNode.Nothing(line);
    }
    return new YamlNode.Scalar(parser.getString(), line);
  }

  private YamlNode mapping(KeyPath path, int line) {
    Map<String, YamlNode> byKey = new LinkedHashMap<>();
    while (parser.nextToken() != JsonToken.END_OBJECT) {
      String key = parser.currentName();
      int keyLine = line();
      parser.nextToken();
      YamlNode node = node(path.key(key), keyLine);
      YamlNode first = byKey.putIfAbsent(key, node);
      if (first != null) {
        problems.add(
            path.key(key),
            "line "
                + keyLine
                + ": "
                + path.key(key)
                + " is there twice, first in line "
                + first.line()
                + "; remove one");
      }
    }
    return new YamlNode.Mapping(byKey, line);
  }

  private YamlNode sequence(KeyPath path, int line) {
    List<YamlNode> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      items.add(node(path.item(items.size()), line()));
    }
    return new YamlNode.Sequence(items, line);
  }

  private int line() {
    return parser.currentTokenLocation().getLineNr();
  }

  /** Says what is wrong and where, without the excerpt that the cause carries: it may be secret. */
  private static String describe(JacksonException failure, String text) {
    if (failure.getCause() instanceof MarkedYamlEngineException cause) {
      Optional<Mark> mark = cause.getProblemMark().or(cause::getContextMark);
      String where =
          mark.map(at -> "line " + (at.getLine() + 1) + ", column " + (at.getColumn() + 1) + ": ")
              .orElse("");
      String context = cause.getContext() == null ? "" : " (" + cause.getContext() + ")";
      return where + "not YAML: " + cause.getProblem() + context;
    }
    if (failure.getCause() instanceof ReaderException cause) {
      int at = text.offsetByCodePoints(0, cause.getPosition());
      return "line "
          + (1 + text.substring(0, at).chars().filter(c -> c == '\n').count())
          + String.format(": not YAML: character U+%04X is not allowed", cause.getCodePoint());
    }
    return "line "
        + failure.getLocation().getLineNr()
        + ": not YAML: "
        + failure.getOriginalMessage().lines().findFirst().orElse("unreadable");
  }
}
