package org.raftbroker.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import org.raftbroker.client.StartAt;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads where a subscription starts: the value of {@code --from}. */
final class StartAtConverter implements ITypeConverter<StartAt> {
  /** Numbers from here on are times: as milliseconds, this is September 2001. */
  private static final long FIRST_TIME_MILLIS = 1_000_000_000_000L;

  @Override
  public StartAt convert(String text) {
    if (text.equals("new")) {
      return StartAt.newMessages();
    }
    if (text.equals("earliest")) {
      return StartAt.earliest();
    }
    try {
      if (text.startsWith("id:")) {
        return StartAt.id(Long.parseLong(text.substring(3)));
      }
      if (text.startsWith("@")) {
        return StartAt.time(Instant.ofEpochMilli(Long.parseLong(text.substring(1))));
      }
      if (text.matches("-?[0-9]+")) {
        long number = Long.parseLong(text);
        return number < FIRST_TIME_MILLIS
            ? StartAt.id(number)
            : StartAt.time(Instant.ofEpochMilli(number));
      }
      if (text.matches("[0-9]+(ms|s|m|h|d)")) {
        Duration ago = new DurationConverter().convert(text);
        return StartAt.time(Instant.now().minus(ago));
      }
      return StartAt.time(time(text));
    } catch (NumberFormatException | DateTimeException e) {
      throw new TypeConversionException(
          "'"
              + text
              + "' is none of: new, earliest, an id (42 or id:42), a time"
              + " (2026-01-31T12:00:00Z, 2026-01-31, @1769860800000) or a time ago (10m)");
    }
  }

  private static Instant time(String text) {
    if (!text.contains("T")) {
      return LocalDate.parse(text).atStartOfDay(ZoneId.systemDefault()).toInstant();
    }
    if (text.matches(".*(Z|[+-][0-9:]+)")) {
      return OffsetDateTime.parse(text).toInstant();
    }
    return LocalDateTime.parse(text).atZone(ZoneId.systemDefault()).toInstant();
  }
}
