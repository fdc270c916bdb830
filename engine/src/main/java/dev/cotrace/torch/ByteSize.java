package dev.cotrace.torch;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Numbers of bytes as people write and read them. */
public final class ByteSize {
  private static final Pattern FORM =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,9})?)\\s*([kKmMgGtT]?)(i?)[bB]?");

  /** The n-th stands for the n-th power. */
  private static final String UNITS = " kmgt";

  private ByteSize() {}

  /**
   * Reads sizes such as {@code 8G}, {@code 500M}, {@code 1.5GiB} and {@code 2000000000}: units are
   * powers of 1000, with an i of 1024.
   *
   * @throws IllegalArgumentException when {@code text} is none, or zero
   */
  public static long parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (matcher.matches()) {
      String unit = matcher.group(2).toLowerCase(Locale.ROOT);
      boolean binary = !matcher.group(3).isEmpty();
      double bytes =
          Double.parseDouble(matcher.group(1))
              * Math.pow(binary ? 1024 : 1000, UNITS.indexOf(unit.isEmpty() ? " " : unit));
      if (bytes >= 1 && bytes < Long.MAX_VALUE && !(binary && unit.isEmpty())) {
        return (long) bytes;
      }
    }
    throw new IllegalArgumentException(
        "expected a size such as 8G, 500M or 1.5GiB, from 1 byte to 9 million TB, or a share of what is free such as 70%%, got '%s'"
            .formatted(text));
  }

  /** Three digits or so, with a unit. */
  public static String text(long bytes) {
    return bytes < 1000
        ? bytes + " bytes"
        : bytes < 1_000_000
            ? String.format(Locale.ROOT, "%.0f KB", bytes / 1e3)
            : bytes < 1_000_000_000
                ? String.format(Locale.ROOT, "%.0f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }
}
