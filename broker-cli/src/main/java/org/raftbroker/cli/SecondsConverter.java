package org.raftbroker.cli;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a duration for a field of the contract that counts whole seconds in 32 bits. */
final class SecondsConverter implements ITypeConverter<Integer> {
  private static final DurationConverter DURATION = new DurationConverter();

  @Override
  public Integer convert(String value) {
    Duration duration = DURATION.convert(value);
    long seconds = duration.toSeconds();
    if (!duration.equals(Duration.ofSeconds(seconds))) {
      throw new TypeConversionException(
          "'"
              + value
              + "' is no whole number of seconds; write "
              + (seconds + 1) // never down to 0, which is no limit
              + "s");
    }
    if (seconds > Integer.MAX_VALUE) {
      throw new TypeConversionException(
          "'"
              + value
              + "' is longer than the longest, "
              + TimeUnit.SECONDS.toDays(Integer.MAX_VALUE)
              + "d; write a shorter duration, or 0 for no limit");
    }
    return (int) seconds;
  }
}
