package org.raftbroker.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import org.raftbroker.proto.SubscribeRequest;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Where a subscription starts.
 *
 * @param value the id or the milliseconds since the Unix epoch; 0 for the other kinds
 */
record StartAt(Kind kind, long value) {
  /** Numbers from here on are times: as milliseconds, this is September 2001. */
  private static final long FIRST_TIME_MILLIS = 1_000_000_000_000L;

  /** What can be started from. */
  enum Kind {
    NEW,
    EARLIEST,
    ID,
    TIME
  }

  static StartAt id(long id) {
    return new StartAt(Kind.ID, id);
  }

  SubscribeRequest.Builder request(String subject) {
    SubscribeRequest.Builder request = SubscribeRequest.newBuilder().setSubject(subject);
    return switch (kind) {
      case NEW -> request;
      case EARLIEST -> request.setFromEarliest(true);
      case ID -> request.setFromId(value);
      case TIME -> request.setFromTimeMillis(value);
    };
  }

  /** Reads the value of {@code --from}. */
  static final class Converter implements ITypeConverter<StartAt> {
    @Override
    public StartAt convert(String text) {
      if (text.equals("new")) {
        return new StartAt(Kind.NEW, 0);
      }
      if (text.equals("earliest")) {
        return new StartAt(Kind.EARLIEST, 0);
      }
      try {
        if (text.startsWith("id:")) {
          return id(Long.parseLong(text.substring(3)));
        }
        if (text.startsWith("@")) {
          return new StartAt(Kind.TIME, Long.parseLong(text.substring(1)));
        }
        if (text.matches("-?[0-9]+")) {
          long number = Long.parseLong(text);
          return new StartAt(number < FIRST_TIME_MILLIS ? Kind.ID : Kind.TIME, number);
        }
        if (text.matches("[0-9]+(ms|s|m|h|d)")) {
          Duration ago = new DurationConverter().convert(text);
          return new StartAt(Kind.TIME, Instant.now().minus(ago).toEpochMilli());
        }
        return new StartAt(Kind.TIME, time(text).toEpochMilli());
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
}
