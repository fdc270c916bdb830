package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** How far each source's output in the clean run and in the corrupted run lie apart. */
public final class OutputDistances {
  private OutputDistances() {}

  /** {@code Σ_t ‖o_u(t) − o'_u(t)‖} of every source u, for each row, {@code [rows][nSrc]}. */
  public static double[][] of(GatedModel model, SequencePairs sequences) {
    ComputationGraph graph = model.graph();
    double[] clean = new double[sequences.rows().size()];
    Arrays.fill(clean, 1);
    try (Scope _ = new Scope();
        Tape tape = new Tape(model)) {
      Recording recording = Recording.of(model, new Gates.Uniform(clean), sequences, tape);
      Tensor distances =
          new Placement(Precision.FLOAT64, model.placement().device())
              .zeros(clean.length, graph.sources());
      for (int row = 0; row < clean.length; row++) {
        long[] at = Arrays.stream(recording.slots().get(row)).asLongStream().toArray();
        try (Scope _ = new Scope()) {
          fill(model, tape, model.placement().indices(at, at.length), distances.select(0, row));
        }
      }
      double[] all = Placement.toDoubles(distances);
      double[][] byRow = new double[clean.length][];
      Arrays.setAll(
          byRow,
          row -> Arrays.copyOfRange(all, row * graph.sources(), (row + 1) * graph.sources()));
      return byRow;
    }
  }

  private static void fill(GatedModel model, Tape tape, Tensor at, Tensor distances) {
    ComputationGraph graph = model.graph();
    int width = model.decoder().architecture().width();
    put(tape.inputDifference(at).unsqueeze(0), distances, graph.inputSource());
    for (int layer = 0; layer < graph.layers(); layer++) {
      try (Scope _ = new Scope()) {
        Tensor heads = model.placement().empty(graph.heads(), at.size(0), width);
        tape.writeHeadDifferences(layer, at, heads);
        put(heads, distances, graph.headSource(layer));
        put(tape.mlpDifference(layer, at).unsqueeze(0), distances, graph.mlpSource(layer));
      }
    }
  }

  /** The distances of some sources from {@code differences [sources, n, D]}. */
  private static void put(Tensor differences, Tensor distances, int first) {
    Tensor norms = differences.to(Precision.FLOAT64.type()).square().sum(-1).sqrt();
    distances.narrow(0, first, differences.size(0)).copy_(norms.sum(-1));
  }
}
