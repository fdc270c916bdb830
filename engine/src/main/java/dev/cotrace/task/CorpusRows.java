package dev.cotrace.task;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Rows of published sets of questions: GSM8K ({@code question}, {@code answer} that ends in {@code
 * #### 18}), MATH ({@code problem}, {@code solution} with {@code \boxed{…}}) and EWoK ({@code
 * Context1}, {@code Context2}, {@code Target1}, {@code Target2}).
 *
 * <p>The first two have no corrupted prompt. They may have the columns {@code corrupted} and {@code
 * wrong} added.
 */
final class CorpusRows {
  private static final String MARK = "####";

  private CorpusRows() {}

  /** The pair of {@code row}, if it is one of these. */
  static Optional<TaskPair> pair(Row row, int number) {
    if (row.hasAll("question", "answer")) {
      return Optional.of(asked(row, number, row.text("question"), gsm8k(row)));
    }
    if (row.has("problem") && (row.has("solution") || row.has("answer"))) {
      return Optional.of(asked(row, number, row.text("problem"), math(row)));
    }
    if (row.hasAll("Context1", "Context2", "Target1", "Target2")) {
      return Optional.of(
          new TaskPair(
              row.where(),
              String.valueOf(number),
              new Words.Text(row.text("Context1")),
              new Words.Text(row.text("Context2")),
              new Words.Text(" " + row.text("Target1")),
              new Words.Text(" " + row.text("Target2"))));
    }
    return Optional.empty();
  }

  private static TaskPair asked(Row row, int number, String question, String answer) {
    return new TaskPair(
        row.where(),
        row.has("id") ? row.label("id") : String.valueOf(number),
        new Words.Text(question),
        text(row, "corrupted"),
        new Words.Text(answer),
        text(row, "wrong"));
  }

  private static @Nullable Words text(Row row, String key) {
    return row.textIfAny(key).map(Words.Text::new).orElse(null);
  }

  private static String gsm8k(Row row) {
    String answer = row.text("answer");
    int mark = answer.lastIndexOf(MARK);
    Optional<String> number =
        mark < 0 ? Optional.empty() : NumberAnswer.last(answer.substring(mark + MARK.length()));
    return number.orElseThrow(() ->
        row.broken(
            "expected an answer that ends in '#### NUMBER', as GSM8K's do; for pairs of"
                + " your own use the keys clean and corrupted"));
  }

  private static String math(Row row) {
    if (row.has("answer")) {
      return row.label("answer");
    }
    return BoxedAnswer.last(row.text("solution"))
        .orElseThrow(
            () -> row.broken("expected a solution with its answer in \\boxed{…}, as MATH's have"));
  }
}
