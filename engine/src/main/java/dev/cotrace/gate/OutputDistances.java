package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * How far what each source, or each piece of one, writes in the clean and the corrupted run lie
 * apart.
 */
public final class OutputDistances {
  private static final int PLACES = 256;

  private final GatedModel model;
  private final Pieces pieces;
  private final PartPlaces parts;

  private OutputDistances(GatedModel model, Pieces pieces) {
    this.model = model;
    this.pieces = pieces;
    parts = new PartPlaces(pieces, model.features());
  }

  /**
   * {@code Σ_t ‖o_p(t) − o'_p(t)‖} for each row, by cell of the model's pieces; of the sources of
   * edges by row.
   */
  public static double[][] of(GatedModel model, SequencePairs sequences) {
    GatedModel nodes = model.units() instanceof Pieces ? model : model.at(Level.NODE);
    return new OutputDistances(nodes, (Pieces) nodes.units()).of(sequences);
  }

  private double[][] of(SequencePairs sequences) {
    double[] clean = new double[sequences.rows().size()];
    Arrays.fill(clean, 1);
    try (Scope _ = new Scope();
        Tape tape = new Tape(model)) {
      Recording recording = Recording.of(model, new Gates.Uniform(clean), sequences, tape);
      double[][] byRow = new double[clean.length][];
      for (int row = 0; row < clean.length; row++) {
        try (Scope _ = new Scope()) {
          Tensor distances =
              new Placement(Precision.FLOAT64, model.placement().device()).zeros(pieces.cells());
          int[] slots = recording.slots().get(row);
          for (int from = 0; from < slots.length; from += PLACES) {
            int to = Math.min(slots.length, from + PLACES);
            long[] at = Arrays.stream(slots, from, to).asLongStream().toArray();
            add(new TapeAmounts(model, tape), model.placement().indices(at, at.length), distances);
          }
          byRow[row] = Placement.toDoubles(distances);
        }
      }
      return byRow;
    }
  }

  private void add(TapeAmounts amounts, Tensor at, Tensor distances) {
    ComputationGraph graph = model.graph();
    if (model.features().cutStream()) {
      int cut = 0;
      for (FeatureSite site : model.features().cuts().values()) {
        put(distances, cut, List.of(amounts.cut(cut, site, at)));
        cut++;
      }
      return;
    }
    put(distances, parts.input(), List.of(amounts.input(at)));
    for (int layer = 0; layer < graph.layers(); layer++) {
      try (Scope _ = new Scope()) {
        put(distances, parts.heads(layer), amounts.heads(layer, at));
        put(distances, parts.mlp(layer), List.of(amounts.mlp(layer, at)));
      }
    }
  }

  private void put(Tensor distances, int first, List<Amounts> each) {
    for (int i = 0; i < each.size(); i++) {
      Tensor norms = each.get(i).norms().to(Precision.FLOAT64.type());
      distances
          .narrow(0, pieces.first(first + i), pieces.count(first + i))
          .add_(norms.sum(new long[] {0}, false, null));
    }
  }
}
