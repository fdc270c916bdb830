package dev.cotrace.task.generator;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Indirect objects (Wang et al. 2022): two people are named, one of them again as the giver; the
 * answer is the other. The corrupted prompt has another giver.
 *
 * @param third whether that is a third person; else it is the indirect object
 */
public record Ioi(boolean third) implements PairKind {
  private static final List<String> TEMPLATES =
      List.of(
          "Yesterday {FIRST} and {SECOND} met at the {PLACE}, and {GIVER} gave a {OBJECT} to",
          "When {FIRST} and {SECOND} came back from the {PLACE}, {GIVER} handed a {OBJECT} to",
          "While {FIRST} and {SECOND} were at the {PLACE}, {GIVER} offered a {OBJECT} to",
          "After {FIRST} and {SECOND} had left the {PLACE}, {GIVER} sent a {OBJECT} to",
          "In the morning {FIRST} and {SECOND} talked near the {PLACE}. Then {GIVER} passed a {OBJECT} to",
          "Once {FIRST} and {SECOND} had found the {PLACE}, {GIVER} showed a {OBJECT} to");

  @Override
  public String name() {
    return "ioi";
  }

  @Override
  public Pool answers() {
    return new Pool("names", Vocabulary.NAMES, 4, true);
  }

  @Override
  public Reading reading() {
    return Reading.AT_ONCE;
  }

  @Override
  public Optional<Draft> draw(Draws draws, List<String> answers) {
    List<String> people = draws.some(3, answers);
    String subject = people.get(0);
    String indirect = people.get(1);
    boolean subjectFirst = draws.between(0, 1) == 0;
    Map<String, String> clean = new HashMap<>();
    clean.put("FIRST", subjectFirst ? subject : indirect);
    clean.put("SECOND", subjectFirst ? indirect : subject);
    clean.put("PLACE", draws.of(Vocabulary.PLACES));
    clean.put("OBJECT", draws.of(Vocabulary.OBJECTS));
    clean.put("GIVER", subject);
    Map<String, String> corrupted = new HashMap<>(clean);
    corrupted.put("GIVER", third ? people.get(2) : indirect);
    return Optional.of(
        Draft.of("", "names", draws.of(TEMPLATES), clean, corrupted, indirect, subject));
  }
}
