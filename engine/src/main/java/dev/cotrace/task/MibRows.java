package dev.cotrace.task;

import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Rows of the MIB benchmark's circuit track (Mueller et al. 2025): {@code ioi}, multiple choice
 * ({@code mcqa}, {@code arc}) and {@code arithmetic}. The right and wrong answers are those of its
 * own evaluation: the two names with a space before them; the labels of the right choice of the
 * prompt and of its counterfactual; the two labels.
 */
final class MibRows {
  private static final String ENDING = "_counterfactual";

  /** The three kinds, and the counterfactual that MIB takes for each. */
  enum Kind {
    IOI("s2_io_flip"),
    MULTIPLE_CHOICE("symbol"),
    ARITHMETIC("random");

    private final String counterfactual;

    Kind(String counterfactual) {
      this.counterfactual = counterfactual;
    }
  }

  private final Row row;
  private final Kind kind;
  private final String counterfactual;

  private MibRows(Row row, Kind kind, String chosen) {
    this.row = row;
    this.kind = kind;
    String name = chosen.isEmpty() ? kind.counterfactual : chosen;
    counterfactual = name.endsWith(ENDING) ? name : name + ENDING;
  }

  /** The kind of {@code row}, if it is one of MIB's. */
  static Optional<Kind> kind(Row row) {
    if (!row.has("prompt")) {
      return Optional.empty();
    }
    return row.hasAll("choices", "answerKey")
        ? Optional.of(Kind.MULTIPLE_CHOICE)
        : row.has("metadata")
            ? Optional.of(Kind.IOI)
            : row.has("label") ? Optional.of(Kind.ARITHMETIC) : Optional.empty();
  }

  /**
   * The pair of {@code row}; empty if it has no such counterfactual.
   *
   * @param counterfactual the chosen column; empty for MIB's own choice
   */
  static Optional<TaskPair> pair(Row row, Kind kind, String counterfactual, int number) {
    return new MibRows(row, kind, counterfactual).pair(number);
  }

  /** The names of the counterfactuals that {@code row} has. */
  static List<String> counterfactuals(Row row) {
    return new TreeSet<>(row.fields().propertyNames())
        .stream().filter(name -> name.endsWith(ENDING) && row.has(name)).toList();
  }

  private Optional<TaskPair> pair(int number) {
    if (!row.has(counterfactual)) {
      return Optional.empty();
    }
    Row other = row.part(counterfactual);
    if (!other.has("prompt")) {
      return Optional.empty();
    }
    @Nullable Words[] answers = answers(other);
    return Optional.of(
        new TaskPair(
            row.where(),
            String.valueOf(number),
            new Words.Text(row.text("prompt")),
            new Words.Text(other.text("prompt")),
            answers[0],
            answers[1]));
  }

  private @Nullable Words[] answers(Row other) {
    return switch (kind) {
      case IOI -> {
        Row names = row.part("metadata");
        yield words(" " + names.text("indirect_object"), " " + names.text("subject"));
      }
      case MULTIPLE_CHOICE -> words(choice(row), choice(other));
      case ARITHMETIC -> words(row.label("label"), other.label("label"));
    };
  }

  private static @Nullable Words[] words(String answer, String wrong) {
    return new @Nullable Words[] {new Words.Text(answer), new Words.Text(wrong)};
  }

  /** The label of the right choice, which is named by its place from 0, or by itself. */
  private static String choice(Row side) {
    List<String> labels = side.part("choices").labels("label");
    String key = side.label("answerKey");
    if (side.fields().path("answerKey").isString() && labels.contains(key)) {
      return key;
    }
    try {
      return labels.get(Integer.parseInt(key));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      throw new IllegalArgumentException(
          "%s: answerKey must be the place of one of the %d labels, from 0, got %s"
              .formatted(side.where(), labels.size(), key),
          e);
    }
  }
}
