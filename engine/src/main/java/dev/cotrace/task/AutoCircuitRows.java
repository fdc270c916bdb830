package dev.cotrace.task;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Prompts of auto-circuit: {@code clean}, {@code corrupt}, {@code answers}, {@code wrong_answers}.
 * A prompt is a text or a list of token ids, and so is each answer. Of several answers the first
 * counts.
 */
final class AutoCircuitRows {
  private static final Set<String> KEYS = Set.of("clean", "corrupt", "answers", "wrong_answers");

  private AutoCircuitRows() {}

  /** Whether {@code row} is one. */
  static boolean fits(Row row) {
    return row.has("clean")
        && (row.has("corrupt") || row.has("answers") || row.has("wrong_answers"));
  }

  /** The pair of {@code row}. */
  static TaskPair pair(Row row, int number) {
    for (String key : row.fields().propertyNames()) {
      if (!KEYS.contains(key)) {
        throw row.broken(
            "unknown key '%s'; auto-circuit's prompts have the keys %s"
                .formatted(key, String.join(", ", new TreeSet<>(KEYS))));
      }
    }
    Words clean = prompt(row, "clean");
    @Nullable Words corrupted = row.has("corrupt") ? prompt(row, "corrupt") : null;
    if (corrupted != null && clean instanceof Words.Ids != corrupted instanceof Words.Ids) {
      throw row.broken("clean and corrupt must both be texts or both be token ids");
    }
    return new TaskPair(
        row.where(),
        String.valueOf(number),
        clean,
        corrupted,
        answer(row, "answers"),
        answer(row, "wrong_answers"));
  }

  /** Whether more than one answer is listed, or more than one wrong one. */
  static boolean severalAnswers(Row row) {
    return row.fields().path("answers").size() > 1 || row.fields().path("wrong_answers").size() > 1;
  }

  private static Words prompt(Row row, String key) {
    JsonNode prompt = row.fields().path(key);
    return prompt.isArray() ? ids(row, key, prompt) : new Words.Text(row.text(key));
  }

  private static @Nullable Words answer(Row row, String key) {
    if (!row.has(key)) {
      return null;
    }
    JsonNode list = row.fields().path(key);
    if (!list.isArray() || list.isEmpty()) {
      throw row.broken(
          "%s must be a list of answers, at least one, got %s".formatted(key, Row.kind(list)));
    }
    JsonNode first = list.get(0);
    return first.isString()
        ? new Words.Text(first.stringValue())
        : new Words.Ids(new int[] {id(row, key, first)});
  }

  private static Words ids(Row row, String key, JsonNode list) {
    List<Integer> ids = new ArrayList<>();
    list.forEach(id -> ids.add(id(row, key, id)));
    if (ids.isEmpty()) {
      throw row.broken(key + " must be a text or a list of token ids, got an empty list");
    }
    return new Words.Ids(ids.stream().mapToInt(Integer::intValue).toArray());
  }

  private static int id(Row row, String key, JsonNode id) {
    if (!id.isIntegralNumber() || !id.canConvertToInt() || id.intValue() < 0) {
      throw row.broken(
          "%s: expected texts or token ids from 0, got %s".formatted(key, Row.kind(id)));
    }
    return id.intValue();
  }
}
