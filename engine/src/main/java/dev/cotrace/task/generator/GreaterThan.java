package dev.cotrace.task.generator;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Years (Hanna et al. 2023): something ends after it began, so the two digits that complete the
 * second year exceed those of the first. The corrupted prompt begins in a year that ends in 01,
 * after which every year is right. The right answer is drawn among the later years, the wrong one
 * among the earlier.
 */
public record GreaterThan() implements PairKind {
  private static final String TEMPLATE =
      "The {EVENT} lasted from the year {YEAR} to the year {CENTURY}";

  private static final List<String> ENDINGS =
      IntStream.range(2, 99).mapToObj("%02d"::formatted).toList();

  @Override
  public String name() {
    return "greater-than";
  }

  @Override
  public Pool answers() {
    return new Pool("years", ENDINGS, 8, false);
  }

  @Override
  public Reading reading() {
    return Reading.AT_ONCE;
  }

  @Override
  public Optional<Draft> draw(Draws draws, List<String> answers) {
    String event = draws.of(Vocabulary.EVENTS);
    String century = String.valueOf(draws.between(11, 18));
    String start = draws.of(ENDINGS);
    List<String> later = answers.stream().filter(end -> end.compareTo(start) > 0).toList();
    List<String> earlier = answers.stream().filter(end -> end.compareTo(start) < 0).toList();
    if (later.isEmpty() || earlier.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        Draft.of(
            "",
            "years",
            TEMPLATE,
            Map.of("EVENT", event, "CENTURY", century, "YEAR", century + start),
            Map.of("EVENT", event, "CENTURY", century, "YEAR", century + "01"),
            draws.of(later),
            draws.of(earlier)));
  }
}
