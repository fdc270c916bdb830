package dev.cotrace;

import dev.cotrace.circuit.ScorePart;
import java.util.List;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;

/** A number that {@code rollouts.jsonl} has for the tokens of a transcript. */
public enum TokenMeasure {
  /** R_t − b_t of each sampled token, in the unit of F. */
  ADVANTAGE("advantage"),
  /** The gradient at each position that is fed, summed over all edges, in the unit of J. */
  MASS("mass_direct"),
  /** −log p of each sampled token, in nats. */
  SURPRISAL("log_probabilities");

  private final String key;

  TokenMeasure(String key) {
    this.key = key;
  }

  /** The key that a rollout's line must have. */
  String key() {
    return key;
  }

  /** Whether there is one for every position that is fed, not for sampled tokens alone. */
  boolean isByPosition() {
    return this == MASS;
  }

  /** The numbers of {@code rollout}; of masses the {@code part}. */
  List<Double> values(JsonNode rollout, ScorePart part) {
    return switch (this) {
      case ADVANTAGE -> numbers(rollout, key);
      case SURPRISAL -> numbers(rollout, key).stream().map(p -> 0 - p).toList();
      case MASS -> masses(rollout, part);
    };
  }

  private static List<Double> masses(JsonNode rollout, ScorePart part) {
    List<Double> direct = numbers(rollout, "mass_direct");
    List<Double> through = numbers(rollout, "mass_through_cot");
    if (direct.size() != through.size()) {
      throw new IllegalArgumentException(
          "mass_direct has %d numbers, mass_through_cot %d"
              .formatted(direct.size(), through.size()));
    }
    return switch (part) {
      case DIRECT -> direct;
      case THROUGH -> through;
      case TOTAL ->
          IntStream.range(0, direct.size()).mapToObj(i -> direct.get(i) + through.get(i)).toList();
    };
  }

  private static List<Double> numbers(JsonNode rollout, String name) {
    return rollout.path(name).valueStream().map(each -> each.asDouble(Double.NaN)).toList();
  }
}
