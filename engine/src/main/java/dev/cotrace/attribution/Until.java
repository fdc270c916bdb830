package dev.cotrace.attribution;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What ends a run beyond its repeats: precision that is wanted, and what it may cost. Rounds are
 * added until all that is wanted is reached, or one more round would exceed a budget.
 *
 * @param standardError wanted of every unit's score at most, in the unit of J; 0 for no such wish
 * @param stability wanted Jaccard stability of the top units at least; 0 for no such wish
 * @param top number of units whose stability is wanted
 * @param tokens that may be sampled in all; 0 for no limit
 * @param minutes that may pass; 0 for no limit
 */
public record Until(double standardError, double stability, int top, long tokens, double minutes) {
  /** Nothing beyond the repeats. */
  public static final Until DONE = new Until(0, 0, 0, 0, 0);

  private static final Pattern STABILITY = Pattern.compile("(0?\\.\\d+|1|1\\.0*)@(\\d{1,9})");

  /**
   * Reads goals such as {@code se=0.01}, {@code stability=0.9@200}, {@code tokens=1e6} and {@code
   * minutes=30}, joined by commas; an empty text is none.
   */
  public static Until parse(String text) {
    Until goals = DONE;
    List<String> seen = new ArrayList<>();
    for (String part : text.isBlank() ? new String[0] : text.split(",", -1)) {
      int at = part.indexOf('=');
      String name = (at < 0 ? part : part.substring(0, at)).strip();
      String value = at < 0 ? "" : part.substring(at + 1).strip();
      if (seen.contains(name)) {
        throw new IllegalArgumentException("--until names %s twice".formatted(name));
      }
      seen.add(name);
      goals = goals.with(name, value);
    }
    return goals;
  }

  private Until with(String name, String value) {
    return switch (name) {
      case "se" -> new Until(positive(name, value), stability, top, tokens, minutes);
      case "tokens" ->
          new Until(
              standardError, stability, top, (long) Math.ceil(positive(name, value)), minutes);
      case "minutes" -> new Until(standardError, stability, top, tokens, positive(name, value));
      case "stability" -> {
        Matcher matcher = STABILITY.matcher(value);
        if (!matcher.matches() || Integer.parseInt(matcher.group(2)) < 1) {
          throw new IllegalArgumentException(
              "--until stability is a share and a number of units such as 0.9@200, got '%s'"
                  .formatted(value));
        }
        yield new Until(
            standardError,
            Double.parseDouble(matcher.group(1)),
            Integer.parseInt(matcher.group(2)),
            tokens,
            minutes);
      }
      default ->
          throw new IllegalArgumentException(
              "--until takes se=…, stability=…@…, tokens=… or minutes=…, joined by commas; got '%s'"
                  .formatted(name));
    };
  }

  private static double positive(String name, String value) {
    try {
      double number = Double.parseDouble(value);
      if (number > 0 && Double.isFinite(number)) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The sentence below says it.
    }
    throw new IllegalArgumentException(
        "--until %s needs a number above 0, got '%s'".formatted(name, value));
  }

  /** The same, where stability is of {@code units} units at most. */
  public Until ofAtMost(int units) {
    return new Until(standardError, stability, Math.min(top, units), tokens, minutes);
  }

  /** Whether a precision is wanted. */
  boolean wantsPrecision() {
    return standardError > 0 || stability > 0;
  }

  /** Whether a run may go on beyond its repeats. */
  boolean goesOn() {
    return !equals(DONE);
  }

  /** The goals as {@link #parse} reads them. */
  @Override
  public String toString() {
    List<String> parts = new ArrayList<>();
    if (standardError > 0) {
      parts.add("se=" + standardError);
    }
    if (stability > 0) {
      parts.add("stability=" + stability + "@" + top);
    }
    if (tokens > 0) {
      parts.add("tokens=" + tokens);
    }
    if (minutes > 0) {
      parts.add("minutes=" + minutes);
    }
    return String.join(",", parts);
  }
}
