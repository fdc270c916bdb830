package dev.cotrace.cli;

import dev.cotrace.FeatureReport.Place;
import dev.cotrace.FeatureReport.Shown;
import dev.cotrace.TerminalText;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** What a feature stands for, on a terminal. */
final class FeatureText {
  private FeatureText() {}

  /** How often the feature called {@code name} is active, and where most. */
  static void print(PrintWriter out, String name, Shown shown) {
    Numbers numbers = Numbers.like(shown.places().stream().mapToDouble(Place::value));
    double percent = 100 * shown.frequency();
    out.printf(
        Locale.ROOT,
        "%n%s: active at %s %% of positions%s%n",
        name,
        Numbers.like(3, DoubleStream.of(percent)).number(percent),
        shown.frequency() == 0
            ? ""
            : ", by " + numbers.number(shown.meanWhereActive()) + " in the mean");
    for (Place place : shown.places()) {
      out.printf("  %10s  %s%n", numbers.number(place.value()), text(place));
    }
  }

  private static String text(Place place) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < place.tokens().size(); i++) {
      String token = TerminalText.line(place.tokens().get(i));
      text.append(i > 0 && !place.written() ? " " : "")
          .append(i == place.at() ? "[" + token + "]" : token);
    }
    return text.toString();
  }
}
