package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import java.util.List;

/**
 * A cell of the circuit track of the Mechanistic Interpretability Benchmark (Mueller et al. 2025,
 * arXiv 2504.13151): a task and a model.
 *
 * @param name of its folder, {@code TASK_MODEL} such as {@code ioi_gpt2}
 */
public record MibCell(String name) {
  private static final List<String> CELLS =
      List.of(
          "ioi_gpt2",
          "ioi_qwen2.5",
          "ioi_gemma2",
          "ioi_llama3",
          "ioi_interpbench",
          "mcqa_qwen2.5",
          "mcqa_gemma2",
          "mcqa_llama3",
          "arithmetic-addition_llama3",
          "arithmetic-subtraction_llama3",
          "arc-easy_gemma2",
          "arc-easy_llama3",
          "arc-challenge_llama3");

  /** The models whose shape is published: GPT-2, Qwen2.5-0.5B, Gemma-2-2B, Llama-3.1-8B. */
  private static final List<Model> MODELS =
      List.of(
          new Model("gpt2", 12, 12),
          new Model("qwen2.5", 24, 14),
          new Model("gemma2", 26, 8),
          new Model("llama3", 32, 32));

  private record Model(String name, int layers, int heads) {}

  /**
   * Refuses what is no cell. Tasks may be spelled with underscores, {@code
   * arithmetic_addition_llama3}, as one published evaluation looks for them.
   */
  public MibCell {
    if (CELLS.stream().noneMatch(cell -> cell.replace('-', '_').equals(name.replace('-', '_')))) {
      throw new IllegalArgumentException(
          "the benchmark has no cell '%s': give one of %s"
              .formatted(name, String.join(", ", CELLS)));
    }
  }

  /** Refuses a circuit that cannot be of this cell's model. */
  void requireModel(ComputationGraph graph) {
    for (Model model : MODELS) {
      boolean fits = graph.layers() == model.layers && graph.heads() == model.heads;
      if (name.endsWith("_" + model.name) && !fits) {
        throw new IllegalArgumentException(
            "the cell %s is of a model of %d layers with %d heads, but the circuit is of %d layers with %d heads"
                .formatted(name, model.layers, model.heads, graph.layers(), graph.heads()));
      }
    }
  }
}
