package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.torch.Torch;

/**
 * ACDC (Conmy et al. 2023, arXiv 2304.14997) through the chain of thought: from the logits down,
 * each edge in turn is taken out of what is left, and stays out when faithfulness falls by less
 * than a threshold. Every trial samples, with the same random numbers; so it is a reference for
 * small models. Edges into what leads nowhere any more are taken out untried.
 */
public final class Acdc {
  private static final int REPORTS = 20;

  private final Workload work;
  private final Evaluation ends;
  private final double threshold;
  private final RunListener listener;
  private final double spread;

  /**
   * Prepares a search.
   *
   * @param ends J(0) and J(1) of {@code work}, and what circuits are worth; it should be silent
   * @param threshold of faithfulness, τ
   * @throws IllegalArgumentException when J(0) and J(1) do not differ
   */
  public Acdc(Workload work, Evaluation ends, double threshold, RunListener listener) {
    require(threshold);
    this.work = work;
    this.ends = ends;
    this.threshold = threshold;
    this.listener = listener;
    spread = Spread.of(ends);
  }

  /** Refuses a threshold by which nothing, or everything, would stay. */
  public static void require(double threshold) {
    if (!(threshold > 0) || Double.isInfinite(threshold)) {
      throw new IllegalArgumentException("--threshold must be a number above 0, got " + threshold);
    }
  }

  /** Searches; the scores are what faithfulness fell by when an edge that stays was tried. */
  public PrunedCircuit search() {
    ComputationGraph graph = work.model().graph();
    Circuit circuit = Circuit.full(graph);
    double[] scores = new double[graph.cells()];
    Estimate value = ends.clean();
    int tried = 0;
    for (int target = graph.targets() - 1; target >= 0; target--) {
      for (int source = graph.sources() - 1; source >= 0; source--) {
        int cell = source * graph.targets() + target;
        if (!graph.exists(cell)) {
          continue;
        }
        Torch.checkInterrupted();
        Circuit fewer = circuit.without(cell);
        if (!circuit.leadsOn(graph.edge(cell).target())) {
          circuit = fewer;
        } else {
          Estimate without = ends.of(fewer).circuit();
          double loss = (value.value() - without.value()) / spread;
          if (loss < threshold) {
            circuit = fewer;
            value = without;
          } else {
            scores[cell] = loss;
          }
        }
        report(++tried, graph.edgeCount(), circuit, value);
      }
    }
    return new PrunedCircuit(
        circuit.pruned(), scores, "ACDC at a threshold of %s".formatted(threshold));
  }

  private void report(int tried, int all, Circuit circuit, Estimate value) {
    if ((long) tried * REPORTS / all > (tried - 1L) * REPORTS / all) {
      listener.say(
          "%,d of %,d edges tried, %,d left, J(C) = %.4g ± %.2g"
              .formatted(tried, all, circuit.size(), value.value(), value.standardError()));
    }
  }
}
