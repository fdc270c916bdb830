package dev.cotrace.attribution;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Units;
import dev.cotrace.gate.OutputDistances;
import dev.cotrace.rollout.Rollout;
import java.util.List;

/**
 * How far the clean and the corrupted output of an edge's source, or of a piece, lie apart, {@code
 * Σ_t ‖o_u(t) − o'_u(t)‖}, on the clean model's own chains of thought: scores without a gradient,
 * and without the objective, as a floor for those that have them.
 */
public final class MagnitudeScores {
  private MagnitudeScores() {}

  /**
   * The mean over prompts, by cell: the same for all edges of a source.
   *
   * @param ends which must keep its rollouts
   */
  public static double[] of(Workload work, Evaluation ends) {
    Units units = work.model().units();
    double[] sums = new double[units instanceof Pieces ? units.cells() : units.graph().sources()];
    List<Evaluation.Drawn> drawn = ends.drawn();
    for (Evaluation.Drawn group : drawn) {
      Job job = new Job(0, group.prompt(), group.repeat(), 1, group.rollouts().size());
      int first = 0;
      for (List<Rollout> part : Lists.split(group.rollouts(), work.rowsAtOnce(List.of(job)))) {
        double[][] distances =
            OutputDistances.of(work.model(), work.scorer().pairs(work.transcripts(job, part)));
        for (int i = 0; i < distances.length; i++) {
          for (int at = 0; at < sums.length; at++) {
            sums[at] += group.weights()[first + i] * distances[i][at] / drawn.size();
          }
        }
        first += distances.length;
      }
    }
    return units instanceof ComputationGraph graph ? byEdge(graph, sums) : sums;
  }

  private static double[] byEdge(ComputationGraph graph, double[] bySource) {
    double[] scores = new double[graph.cells()];
    for (int cell : graph.edgeCells()) {
      scores[cell] = bySource[graph.sourceOf(cell)];
    }
    return scores;
  }
}
