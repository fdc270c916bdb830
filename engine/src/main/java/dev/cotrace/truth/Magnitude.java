package dev.cotrace.truth;

import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.MeanOutputs;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.rollout.PromptPair;
import java.util.List;

/**
 * How far the clean and the corrupted output of an edge's source lie apart, {@code Σ_t ‖o_u(t) −
 * o'_u(t)‖}, on chains of thought of the clean prompts: no gradient.
 */
record Magnitude() implements Contender {
  @Override
  public String name() {
    return "magnitude";
  }

  @Override
  public Found find(Trial trial, RunListener listener) {
    GatedModel model = trial.experiment().gated();
    List<PromptPair> pairs = trial.pairs();
    int[][] thoughts = trial.thoughts(pairs.stream().map(PromptPair::clean).toList(), trial.seed());
    double[] bySource = new double[model.graph().sources()];
    for (int i = 0; i < thoughts.length; i++) {
      SourceValues clean = outputs(model, FinalToken.joined(pairs.get(i).clean(), thoughts[i]));
      SourceValues corrupted =
          outputs(model, FinalToken.joined(pairs.get(i).corrupted(), thoughts[i]));
      add(bySource, clean, corrupted);
    }
    ComputationGraph graph = model.graph();
    double[] scores = new double[graph.cells()];
    for (int cell : graph.edgeCells()) {
      scores[cell] = bySource[graph.source(graph.edge(cell).source())];
    }
    return Found.of(scores);
  }

  private static SourceValues outputs(GatedModel model, int[] ids) {
    try (MeanOutputs outputs = new MeanOutputs(model, ids.length)) {
      outputs.add(List.of(ids));
      return outputs.means();
    }
  }

  private static void add(double[] bySource, SourceValues clean, SourceValues corrupted) {
    int width = clean.width();
    for (int source = 0; source < bySource.length; source++) {
      for (int position = 0; position < clean.positions(); position++) {
        int first = (source * clean.positions() + position) * width;
        double square = 0;
        for (int d = first; d < first + width; d++) {
          double difference = clean.positional()[d] - corrupted.positional()[d];
          square += difference * difference;
        }
        bySource[source] += Math.sqrt(square);
      }
    }
  }
}
