package dev.cotrace.task.generator;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chains of people: who is the boss of the boss of Anna? Two chains are told, their links in random
 * order. In the corrupted prompt the two chains are crossed at one link, so that the answer is the
 * end of the other chain.
 *
 * @param steps links from the person asked about to the answer
 * @param chat whether a chat model is asked; else a solved problem comes first
 */
public record Names(int steps, boolean chat) implements PairKind {
  /** Tokens of one link, such as {@code Christopher's teacher is Alexander.}, one a character. */
  private static final int LINK = 32;

  /** Refuses chains that are none, and those that go on for pages. */
  public Names {
    PromptForms.requireSteps(steps);
  }

  @Override
  public String name() {
    return "names";
  }

  @Override
  public Pool answers() {
    return new Pool("names", Vocabulary.NAMES, 3 * (steps + 1), true);
  }

  @Override
  public Reading reading() {
    return PromptForms.reading(LINK * steps, chat);
  }

  @Override
  public Optional<Draft> draw(Draws draws, List<String> answers) {
    String relation = draws.of(Vocabulary.RELATIONS);
    List<String> people = draws.some(3 * (steps + 1), answers);
    List<String> first = people.subList(0, steps + 1);
    List<String> second = people.subList(steps + 1, 2 * (steps + 1));
    int crossed = draws.between(1, steps);
    List<String> links = new ArrayList<>();
    Map<String, String> clean = new HashMap<>();
    for (int i = 1; i <= steps; i++) {
      links.add("%s's %s is {A%d}.".formatted(first.get(i - 1), relation, i));
      links.add("%s's %s is {B%d}.".formatted(second.get(i - 1), relation, i));
      clean.put("A" + i, first.get(i));
      clean.put("B" + i, second.get(i));
    }
    Map<String, String> corrupted = new HashMap<>(clean);
    corrupted.put("A" + crossed, second.get(crossed));
    corrupted.put("B" + crossed, first.get(crossed));
    String problem = String.join(" ", draws.shuffled(links)) + question(relation, first.getFirst());
    String lead =
        chat ? "" : solved(draws, relation, people.subList(2 * (steps + 1), people.size()));
    String template = problem + (chat ? " Think step by step, then name the person." : "\nSteps:");
    return Optional.of(
        Draft.of(lead, "names", template, clean, corrupted, first.getLast(), second.getLast()));
  }

  private String question(String relation, String person) {
    return " Who is the %s%s of %s?"
        .formatted((relation + " of the ").repeat(steps - 1), relation, person);
  }

  private String solved(Draws draws, String relation, List<String> people) {
    List<String> links = new ArrayList<>();
    for (int i = 1; i <= steps; i++) {
      links.add("%s's %s is %s.".formatted(people.get(i - 1), relation, people.get(i)));
    }
    return PromptForms.solved(
        String.join(" ", draws.shuffled(links)) + question(relation, people.getFirst()),
        " " + String.join(" ", links),
        people.getLast());
  }
}
