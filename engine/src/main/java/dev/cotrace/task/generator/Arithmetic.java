package dev.cotrace.task.generator;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Sums of several digits, worked out one addition at a time. The corrupted prompt has another digit
 * in one place.
 *
 * @param steps additions
 * @param chat whether a chat model is asked; else two solved problems come first
 */
public record Arithmetic(int steps, boolean chat) implements PairKind {
  /** Tokens of one step, such as {@code 14 + 3 = 17.}, with one token a character. */
  private static final int STEP = 16;

  /** Refuses chains that are none, and those that go on for pages. */
  public Arithmetic {
    PromptForms.requireSteps(steps);
  }

  @Override
  public String name() {
    return "arithmetic";
  }

  @Override
  public Pool answers() {
    List<String> sums =
        IntStream.rangeClosed(2, 9 * (steps + 1)).mapToObj(String::valueOf).toList();
    return new Pool("sums", sums, 4, true);
  }

  @Override
  public Reading reading() {
    return PromptForms.reading(STEP * steps, chat);
  }

  @Override
  public Optional<Draft> draw(Draws draws, List<String> answers) {
    List<Integer> digits = digits(draws);
    int place = draws.between(0, steps);
    List<Integer> others = new ArrayList<>(digits);
    others.set(place, draws.between(1, 9));
    String right = String.valueOf(sum(digits));
    String wrong = String.valueOf(sum(others));
    if (right.equals(wrong) || !answers.contains(right) || !answers.contains(wrong)) {
      return Optional.empty();
    }
    String slots =
        IntStream.rangeClosed(0, steps)
            .mapToObj("{N%d}"::formatted)
            .collect(Collectors.joining(" + "));
    String template =
        chat
            ? "What is " + slots + "? Add one number at a time and write down every sum."
            : "Problem: " + slots + "\nSteps:";
    String lead = chat ? "" : solved(digits(draws)) + solved(digits(draws));
    return Optional.of(
        Draft.of(lead, "digits", template, slots(digits), slots(others), right, wrong));
  }

  private List<Integer> digits(Draws draws) {
    return IntStream.rangeClosed(0, steps).mapToObj(_ -> draws.between(1, 9)).toList();
  }

  private static Map<String, String> slots(List<Integer> digits) {
    Map<String, String> slots = new HashMap<>();
    for (int i = 0; i < digits.size(); i++) {
      slots.put("N" + i, String.valueOf(digits.get(i)));
    }
    return slots;
  }

  private static String solved(List<Integer> digits) {
    StringBuilder steps = new StringBuilder();
    int sum = digits.getFirst();
    for (int digit : digits.subList(1, digits.size())) {
      steps.append(" %d + %d = %d.".formatted(sum, digit, sum + digit));
      sum += digit;
    }
    String problem = digits.stream().map(String::valueOf).collect(Collectors.joining(" + "));
    return PromptForms.solved("Problem: " + problem, steps.toString(), String.valueOf(sum));
  }

  private static int sum(List<Integer> digits) {
    return digits.stream().mapToInt(Integer::intValue).sum();
  }
}
