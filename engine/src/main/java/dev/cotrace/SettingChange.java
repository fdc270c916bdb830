package dev.cotrace;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * A setting in which two runs differ.
 *
 * @param key of {@code spec.yaml}, or {@code cotrace}, the version
 * @param first its value in the first run, as text; a dash where it has none
 * @param second its value in the second run
 * @param kind what it changes
 * @param meaning what that says about differences of scores; may be empty
 */
public record SettingChange(String key, String first, String second, Kind kind, String meaning) {
  /** What a setting changes. */
  public enum Kind {
    /** What is measured. */
    QUESTION,
    /** How well it is measured. */
    PRECISION
  }

  /** Settings that change speed and memory, or names of files, and never a score. */
  private static final Set<String> IDLE =
      Set.of(
          "out",
          "memory",
          "backward",
          "batch-rows",
          "threads",
          "top",
          "select",
          "ranking",
          "errors",
          "reference",
          "reference-rollouts",
          "reference-continuations",
          "bins");

  /** Settings that change how well something is measured. */
  private static final Set<String> PRECISION =
      Set.of(
          "estimator",
          "baseline",
          "rollouts",
          "repeats",
          "allot",
          "branch-top",
          "branch-rest",
          "branch-most",
          "branch-at",
          "until",
          "seed",
          "points",
          "dtype",
          "device",
          "cotrace");

  /** Files that are the same when their contents are, by what tells the content. */
  private static final Map<String, String> FILES =
      Map.of(
          "model", "model_sha256",
          "task", "task_sha256",
          "means", "means_sha256",
          "dictionary", "dictionary_sha256",
          "judge-model", "judge_sha256");

  private static final String OTHER_PARTNER = "edges are compared with other corrupted values";
  private static final String OTHER_TEXT = "chains of thought are drawn from other distributions";

  private static final Map<String, String> MEANINGS =
      Map.ofEntries(
          Map.entry("method", "scores are different quantities"),
          Map.entry("quadrature", "scores agree as far as both rules find the integral"),
          Map.entry("limit", "prompts are not the same"),
          Map.entry("task", "prompts are not the same"),
          Map.entry("objective", "J is another quantity, perhaps in another unit"),
          Map.entry("corruption", OTHER_PARTNER),
          Map.entry("corruption-map", OTHER_PARTNER),
          Map.entry("counterfactual", OTHER_PARTNER),
          Map.entry("means", OTHER_PARTNER),
          Map.entry("align", OTHER_PARTNER),
          Map.entry("temperature", OTHER_TEXT),
          Map.entry("max-new-tokens", OTHER_TEXT),
          Map.entry("stop", OTHER_TEXT),
          Map.entry("stop-ids", OTHER_TEXT));

  /** The settings in which {@code first} and {@code second} differ, as {@code first} lists them. */
  static List<SettingChange> between(StoredRun first, StoredRun second) {
    Set<String> keys = new LinkedHashSet<>(first.settings().propertyNames());
    keys.addAll(second.settings().propertyNames());
    keys.removeAll(IDLE);
    List<SettingChange> changes = new ArrayList<>();
    for (String key : keys) {
      if (!same(key, first, second)) {
        changes.add(change(key, first, second, run -> run.settings().path(key)));
      }
    }
    Function<StoredRun, JsonNode> version = run -> run.provenance().at("/versions/cotrace");
    if (!version.apply(first).equals(version.apply(second))) {
      changes.add(change("cotrace", first, second, version));
    }
    return changes;
  }

  private static boolean same(String key, StoredRun first, StoredRun second) {
    String hash = FILES.getOrDefault(key, "");
    JsonNode one = first.provenance().path(hash);
    JsonNode other = second.provenance().path(hash);
    boolean known = Stream.of(one, other).noneMatch(node -> node.isMissingNode() || node.isNull());
    return known
        ? one.equals(other)
        : first.settings().path(key).equals(second.settings().path(key));
  }

  private static SettingChange change(
      String key, StoredRun first, StoredRun second, Function<StoredRun, JsonNode> value) {
    String one = text(value.apply(first));
    String other = text(value.apply(second));
    String meaning =
        one.equals(other) ? "the file is another one now" : MEANINGS.getOrDefault(key, "");
    return new SettingChange(
        key, one, other, PRECISION.contains(key) ? Kind.PRECISION : Kind.QUESTION, meaning);
  }

  private static String text(JsonNode value) {
    String text = value.isValueNode() ? value.asString("") : value.toString();
    return text.isEmpty() ? "–" : text;
  }
}
