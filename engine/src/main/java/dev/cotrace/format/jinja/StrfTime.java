package dev.cotrace.format.jinja;

import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** C's {@code strftime} in the C locale, for the directives that chat templates use. */
final class StrfTime {
  private StrfTime() {}

  static String format(String format, LocalDateTime time) {
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < format.length(); at++) {
      char c = format.charAt(at);
      if (c != '%' || at + 1 == format.length()) {
        out.append(c);
      } else {
        char directive = format.charAt(++at);
        boolean unpadded = directive == '-' && at + 1 < format.length();
        if (unpadded) {
          directive = format.charAt(++at);
        }
        String field = field(directive, time);
        out.append(unpadded ? field.replaceFirst("^[0 ]+(?=.)", "") : field);
      }
    }
    return out.toString();
  }

  private static String field(char directive, LocalDateTime time) {
    String pattern =
        switch (directive) {
          case 'Y' -> "uuuu";
          case 'y' -> "uu";
          case 'm' -> "MM";
          case 'd' -> "dd";
          case 'e' -> "ppd";
          case 'H' -> "HH";
          case 'I' -> "hh";
          case 'M' -> "mm";
          case 'S' -> "ss";
          case 'p' -> "a";
          case 'B' -> "MMMM";
          case 'b', 'h' -> "MMM";
          case 'A' -> "EEEE";
          case 'a' -> "EEE";
          case 'j' -> "DDD";
          case 'F' -> "uuuu-MM-dd";
          case 'T' -> "HH:mm:ss";
          case 'R' -> "HH:mm";
          case 'D' -> "MM/dd/uu";
          case '%' -> "'%'";
          case 'n' -> "'\n'";
          case 't' -> "'\t'";
          default ->
              throw new Fault(
                  "expected a strftime directive that is known here, got %" + directive);
        };
    return DateTimeFormatter.ofPattern(pattern, Locale.US).format(time);
  }
}
