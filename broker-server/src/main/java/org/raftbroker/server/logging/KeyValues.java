package org.raftbroker.server.logging;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;
import org.slf4j.event.KeyValuePair;

/**
 * Renders the key-values of an event as {@code key=value key=value}, each with a blank before it.
 * Values are quoted only where a reader, or a program that splits at blanks, would otherwise
 * misread them; an event never takes a second line.
 *
 * <p>Public for logback, which makes it by name.
 */
public final class KeyValues extends ClassicConverter {
  @Override
  public String convert(ILoggingEvent event) {
    List<KeyValuePair> pairs = event.getKeyValuePairs();
    if (pairs == null || pairs.isEmpty()) {
      return "";
    }
    StringBuilder line = new StringBuilder();
    for (KeyValuePair pair : pairs) {
      line.append(' ').append(pair.key).append('=');
      append(line, String.valueOf(pair.value));
    }
    return line.toString();
  }

  private static void append(StringBuilder line, String value) {
    if (!needsQuotes(value)) {
      line.append(value);
      return;
    }
    line.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"', '\\' -> line.append('\\').append(c);
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (Character.isISOControl(c)) {
            line.append(String.format("\\u%04x", (int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    line.append('"');
  }

  private static boolean needsQuotes(String value) {
    if (value.isEmpty()) {
      return true;
    }
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"'
          || c == '='
          || c == '\\'
          || Character.isWhitespace(c)
          || Character.isISOControl(c)) {
        return true;
      }
    }
    return false;
  }
}
