package dev.cotrace;

import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.Selection;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a run chooses the edges of its circuit, but for their number and ranking, which are settings
 * of their own: {@code top}, {@code greedy}, {@code threshold=0.01} or {@code significant=0.05}.
 *
 * @param bound the least score or the level that the kind needs; 0 for the others
 */
public record SelectionRule(Kind kind, double bound) {
  /** The kinds of {@link Selection}. */
  public enum Kind {
    /** The highest-ranked edges. */
    TOP,
    /** Grown from the logits. */
    GREEDY,
    /** Scores at least as large as the bound. */
    THRESHOLD,
    /** q-values below the bound. */
    SIGNIFICANT
  }

  private static final Pattern FORM =
      Pattern.compile("(top|greedy)|(threshold|significant)=([0-9.]+(?:[eE]-?[0-9]+)?)");

  /** Reads what {@link #toString} writes. */
  public static SelectionRule parse(String text) {
    Matcher matcher = FORM.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected top, greedy, threshold=SCORE such as threshold=0.01, or significant=LEVEL such as significant=0.05, got '%s'"
              .formatted(text));
    }
    return matcher.group(1) != null
        ? new SelectionRule(kind(matcher.group(1)), 0)
        : new SelectionRule(kind(matcher.group(2)), number(matcher.group(3)));
  }

  /** Refuses a bound that its kind cannot have. */
  public SelectionRule {
    switch (kind) {
      case THRESHOLD -> new Selection.Threshold(bound, Ranking.ABSOLUTE);
      case SIGNIFICANT -> new Selection.Significant(bound);
      case TOP, GREEDY -> {
        // These have none.
      }
    }
  }

  private static Kind kind(String label) {
    return Arrays.stream(Kind.values())
        .filter(kind -> SpecLabels.label(kind).equals(label))
        .findFirst()
        .orElseThrow();
  }

  private static double number(String text) {
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("expected a number, got '%s'".formatted(text), e);
    }
  }

  /**
   * The selection of edges.
   *
   * @param size number of edges, where the rule does not say it itself
   * @param ranking how edges are ranked, where they are
   */
  public Selection selection(int size, Ranking ranking) {
    return switch (kind) {
      case TOP -> new Selection.Top(size, ranking);
      case GREEDY -> new Selection.Greedy(size, ranking);
      case THRESHOLD -> new Selection.Threshold(bound, ranking);
      case SIGNIFICANT -> new Selection.Significant(bound);
    };
  }

  /** The same where circuits of given sizes are wanted: rules that fix no size take the top. */
  public Selection sized(int size, Ranking ranking) {
    return switch (kind) {
      case TOP, THRESHOLD, SIGNIFICANT -> new Selection.Top(size, ranking);
      case GREEDY -> new Selection.Greedy(size, ranking);
    };
  }

  @Override
  public String toString() {
    return bound == 0 ? SpecLabels.label(kind) : SpecLabels.label(kind) + "=" + bound;
  }
}
