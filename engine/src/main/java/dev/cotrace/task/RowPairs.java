package dev.cotrace.task;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/** Makes pairs of rows; what kind of row one is, its keys tell. */
final class RowPairs implements Row.Sink {
  private final RowChoice choice;
  private final List<TaskPair> pairs = new ArrayList<>();
  private final TreeSet<String> otherCounterfactuals = new TreeSet<>();
  private int withoutCounterfactual;
  private int severalAnswers;

  RowPairs(RowChoice choice) {
    this.choice = choice;
  }

  @Override
  public boolean accept(Row row) {
    pair(row, pairs.size() + 1).ifPresent(pairs::add);
    return choice.limit() == 0 || pairs.size() < choice.limit();
  }

  private Optional<TaskPair> pair(Row row, int number) {
    if (AutoCircuitRows.fits(row)) {
      severalAnswers += AutoCircuitRows.severalAnswers(row) ? 1 : 0;
      return Optional.of(AutoCircuitRows.pair(row, number));
    }
    if (row.has("clean") || row.has("clean_ids")) {
      return Optional.of(JsonPairs.pair(row, number));
    }
    Optional<MibRows.Kind> kind = MibRows.kind(row);
    if (kind.isPresent()) {
      Optional<TaskPair> pair = MibRows.pair(row, kind.get(), choice.counterfactual(), number);
      if (pair.isEmpty()) {
        withoutCounterfactual++;
        otherCounterfactuals.addAll(MibRows.counterfactuals(row));
      }
      return pair;
    }
    Optional<TaskPair> corpus = CorpusRows.pair(row, number);
    return corpus.isPresent() ? corpus : Optional.of(JsonPairs.pair(row, number));
  }

  /**
   * The task of all rows so far.
   *
   * @throws IllegalArgumentException when there are none
   */
  TaskFile file(Path path) {
    if (pairs.isEmpty() && withoutCounterfactual > 0) {
      throw new IllegalArgumentException(
          "%s: no row has the counterfactual%s; choose with --counterfactual among %s"
              .formatted(
                  path,
                  choice.counterfactual().isEmpty() ? "" : " " + choice.counterfactual(),
                  otherCounterfactuals.isEmpty()
                      ? "none: there are none"
                      : String.join(", ", otherCounterfactuals)));
    }
    List<String> notes = new ArrayList<>();
    if (withoutCounterfactual > 0) {
      notes.add(
          "%s: rows without the counterfactual, which are left out: %d"
              .formatted(path, withoutCounterfactual));
    }
    if (severalAnswers > 0) {
      notes.add(
          "%s: %d of %d pairs list several answers; of each list the first counts"
              .formatted(path, severalAnswers, pairs.size()));
    }
    return new TaskFile(path, pairs, notes);
  }
}
