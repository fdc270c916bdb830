package dev.cotrace.bench;

import dev.cotrace.rollout.Objective;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is measured, and on what.
 *
 * @param kinds of measurement
 * @param model as {@code --model} takes it; null for {@code shape}
 * @param shape of the random parameters that stand in for a model
 * @param dtype name of a precision
 * @param device libtorch's name of it
 * @param threads of one computation; null for what the process started with
 * @param batches rollouts that grow together; scaling and memory take the first
 * @param tokens T, for each rollout; sampling and attribution take the first
 * @param promptTokens length of every prompt
 * @param rounds turns of each contender
 * @param objective of attributions
 */
public record BenchSettings(
    Set<Kind> kinds,
    @Nullable String model,
    Shape shape,
    String dtype,
    String device,
    @Nullable Integer threads,
    List<Integer> batches,
    List<Integer> tokens,
    int promptTokens,
    int rounds,
    String objective) {
  /** Rollouts of a prompt: a group, whose baseline needs at least two. */
  static final int GROUP = 4;

  /** Refuses settings with which nothing can be measured. */
  public BenchSettings {
    Precision.of(dtype);
    if (!Objective.parse(objective).outcomes().isEmpty()) {
      throw new IllegalArgumentException(
          "--objective takes terms of the model, such as answer-prob or kl, got %s: what is sampled here is no text"
              .formatted(objective));
    }
    kinds = Set.copyOf(kinds);
    batches = List.copyOf(batches);
    tokens = List.copyOf(tokens);
    if (batches.isEmpty()
        || batches.stream().anyMatch(batch -> batch < 2 * GROUP || batch % GROUP != 0)) {
      throw new IllegalArgumentException(
          "--batch takes multiples of %d from %d on, because every prompt has %d rollouts and errors need two prompts; got %s"
              .formatted(GROUP, 2 * GROUP, GROUP, batches));
    }
    if (tokens.isEmpty() || tokens.stream().anyMatch(count -> count < 1)) {
      throw new IllegalArgumentException("--tokens takes numbers from 1 on, got " + tokens);
    }
    if (tokens.stream().distinct().count() < tokens.size()) {
      throw new IllegalArgumentException("--tokens takes each number once, got " + tokens);
    }
    requirePositive("--prompt-tokens", promptTokens);
    requirePositive("--rounds", rounds);
    if (threads != null) {
      requirePositive("--threads", threads);
    }
  }

  /** Where tensors live and how precise they are. */
  Placement placement() {
    return new Placement(Precision.of(dtype), device);
  }

  private static void requirePositive(String flag, int value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s must be at least 1, got %d".formatted(flag, value));
    }
  }
}
