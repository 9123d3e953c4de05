package org.raftbroker.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code 65536}, {@code 64KiB} and {@code 10MiB}, as nodes do in their configuration. */
final class SizeConverter implements ITypeConverter<Long> {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,18}) ?([A-Za-z]*)");

  @Override
  public Long convert(String value) {
    Matcher matcher = FORM.matcher(value);
    int power = matcher.matches() ? power(matcher.group(2)) : -1;
    if (power < 0) {
      throw new TypeConversionException(
          "'"
              + value
              + "' is not a size such as 65536, 64KiB or 10MiB; units are "
              + String.join(", ", Quantity.SIZE_UNITS));
    }
    long number = Long.parseLong(matcher.group(1));
    long unit = 1L << (10 * power);
    if (number > Long.MAX_VALUE / unit) {
      throw new TypeConversionException(
          "'"
              + value
              + "' is more than the largest size, "
              + Long.MAX_VALUE / unit
              + matcher.group(2));
    }
    return number * unit;
  }

  /** How many times 1024; negative if there is no such unit. */
  private static int power(String unit) {
    return unit.isEmpty() ? 0 : Quantity.SIZE_UNITS.indexOf(unit);
  }
}
