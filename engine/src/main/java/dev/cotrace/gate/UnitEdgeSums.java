package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * As {@link PieceSums}, but apart for all that reads: {@code ∂S/∂z_pv = Σ_t ⟨o_p(t) − o'_p(t),
 * g_v(t)⟩}. So the edges that leave a piece add up to the piece.
 *
 * <p>What reaches an MLP's output goes on to what it read, {@code g = Jᵀ c}. Of that a feature's
 * part is what goes through its own activation, {@code ∂a_j/∂read · ⟨d_j, c⟩}, and the rest is the
 * rest's: they add up to the MLP.
 */
final class UnitEdgeSums implements GateSums {
  private static final torch.ScalarType EXACT = torch.ScalarType.Double;

  /** Numbers of all targets' cotangents at once. */
  private static final int NUMBERS = 1 << 23;

  private final GatedModel model;
  private final ComputationGraph graph;
  private final UnitEdges edges;
  private final Pieces pieces;
  private final PartPlaces parts;
  private final TapeAmounts amounts; // of the differences
  private final Tape reads;
  private final SharedPlaces places;
  private final List<Tensor> sums = new ArrayList<>(); // [part] of [C, sources, targets], float64
  private final Tensor positions; // [C, places] in float64

  UnitEdgeSums(
      GatedModel model,
      UnitEdges edges,
      Recording recording,
      SharedPlaces places,
      int timeParts,
      int count) {
    this.model = model;
    this.edges = edges;
    this.places = places;
    graph = model.graph();
    pieces = edges.pieces();
    parts = new PartPlaces(pieces, model.features());
    amounts =
        new TapeAmounts(
            new GatedModel(model.decoder(), pieces, model.features()), recording.sources().tape());
    reads = recording.tape();
    Placement exact = new Placement(Precision.FLOAT64, model.placement().device());
    for (int part = 0; part < timeParts; part++) {
      sums.add(exact.zeros(count, edges.sources(), edges.targets()));
    }
    positions = exact.zeros(count, places.count());
  }

  private static int places(UnitEdges edges, int cotangents, long width) {
    long perPlace = (long) edges.targets() * cotangents * width;
    return (int) Math.clamp(NUMBERS / perPlace, 1, 256);
  }

  /** Bytes that it takes beside what a pass keeps. */
  static long bytes(Footprint footprint, UnitEdges edges, long all, int cotangents, long parts) {
    long width = footprint.architecture().width();
    long widest = edges.pieces().parts().stream().mapToInt(Part::count).max().orElse(1);
    long at = Math.min(all, places(edges, cotangents, width));
    long targets = 3L * cotangents * edges.targets() * width;
    long compared = 4L * Math.max(widest, footprint.architecture().mlp().width());
    return at * (targets + compared) * footprint.bytes()
        + parts * edges.cells() * cotangents * (long) Double.BYTES;
  }

  @Override
  public Tensor ofHeads(PullBack.Heads heads) {
    return heads.reads();
  }

  @Override
  public void add(int[] own, Tensor slots, Cotangents cotangents) {
    long[] written = places.sources(own);
    int most =
        places(
            edges,
            Math.toIntExact(cotangents.logits().size(0)),
            model.decoder().architecture().width());
    for (SharedPlaces.Tile tile : places.tiles(own, most)) {
      try (Scope _ = new Scope()) {
        SomePlaces some = SomePlaces.of(model.placement(), tile, own, written);
        int[] at = Arrays.stream(tile.at()).map(i -> own[i]).toArray();
        new Some(some, slots.index_select(0, some.index()), places.alpha(at)).add(cotangents);
      }
    }
  }

  /** A few places of one part, which may be {@link Parts#NONE}. */
  private final class Some {
    private final SomePlaces some;
    private final Tensor slots; // of the reads
    private final Tensor alpha; // [n, 1]
    private final List<Tensor> reading = new ArrayList<>(); // [k, C, n, D], the last first

    Some(SomePlaces some, Tensor slots, double[] alpha) {
      this.some = some;
      this.slots = slots;
      this.alpha = model.placement().tensor(alpha, alpha.length, 1);
    }

    void add(Cotangents cotangents) {
      Tensor logits = cotangents.logits().index_select(1, some.index()); // [C, n, D]
      reading.add(logits.unsqueeze(0));
      Tensor reaching = logits.clone();
      for (int layer = graph.layers() - 1; layer >= 0; layer--) {
        Torch.checkInterrupted();
        Tensor mlp = cotangents.mlps().get(layer).index_select(1, some.index());
        Tensor heads = cotangents.heads().get(layer).index_select(1, some.index());
        if (graph.parallel()) {
          Tensor apart = mlp(layer, reaching, mlp);
          heads(layer);
          reading.addFirst(apart);
        } else {
          reading.addFirst(mlp(layer, reaching, mlp));
          reaching.add_(mlp);
          heads(layer);
          reaching.add_(heads);
        }
        reading.addFirst(heads.unsqueeze(0));
        if (graph.parallel()) {
          reaching.add_(mlp).add_(heads);
        }
      }
      try (Scope _ = new Scope()) {
        put(parts.input(), amounts.input(some.from()));
      }
    }

    /**
     * The edges that leave the MLP.
     *
     * @param reaching what reaches its output, {@code [C, n, D]}
     * @param read what reaches its input, {@code [C, n, D]}
     * @return the same, apart for each of its targets, {@code [k, C, n, D]}
     */
    private Tensor mlp(int layer, Tensor reaching, Tensor read) {
      try (Scope scope = new Scope()) {
        int of = parts.mlp(layer);
        Amounts written = amounts.mlp(layer, some.from());
        put(of, written);
        long[] chosen = edges.chosenOf(of);
        int features = edges.targetsOf(of).length - 1;
        if (features == 0 || !(written instanceof Amounts.Features cut)) {
          return scope.keep(read.unsqueeze(0).clone());
        }
        // The error is chosen, but reads with the rest.
        Tensor own = model.placement().indices(Arrays.copyOf(chosen, features), features);
        FeatureSite site = cut.site();
        Tensor active = amounts.liveFeatures(layer, some.from(), site).index_select(1, own);
        Tensor each = site.along(reaching, own).mul(alpha);
        Tensor apart =
            site.reads(reads.mlpReads(layer, slots), own, active.ne(active.new_zeros(1)), each);
        Tensor rest = read.sub(apart.sum(0)).unsqueeze(0);
        return scope.keep(torch.cat(new TensorVector(apart, rest), 0));
      }
    }

    private void heads(int layer) {
      try (Scope _ = new Scope()) {
        List<Amounts> heads = amounts.heads(layer, some.from());
        for (int head = 0; head < heads.size(); head++) {
          put(parts.heads(layer) + head, heads.get(head));
        }
      }
    }

    /** Adds what every chosen piece of a part, and its rest, have with all that reads after it. */
    private void put(int of, Amounts amounts) {
      try (Scope _ = new Scope()) {
        Tensor later = torch.cat(new TensorVector(reading.toArray(Tensor[]::new)), 0);
        Tensor whole =
            later.mul(amounts.whole()).sum(new long[] {3}, false, null).to(EXACT); // [k, C, n]
        positions.index_add_(1, some.own(), whole.sum(0));
        if (some.part() == Parts.NONE) {
          return;
        }
        long first = edges.targets() - later.size(0);
        int[] rows = edges.sourcesOf(of);
        long[] chosen = edges.chosenOf(of);
        Tensor rest = whole.sum(2);
        for (int i = 0; i < chosen.length; i++) {
          Tensor piece = amounts.piece(chosen[i]);
          Tensor score =
              later.mul(piece).sum(new long[] {3}, false, null).to(EXACT).sum(2); // [k, C]
          add(rows[i], first, score);
          rest.sub_(score);
        }
        if (rows.length > chosen.length) {
          add(rows[chosen.length], first, rest);
        }
      }
    }

    private void add(int row, long first, Tensor scores) {
      sums.get(some.part()).select(1, row).narrow(1, first, scores.size(0)).add_(scores.t());
    }
  }

  @Override
  public GateGradients toArrays() {
    double[][][] byPart = sums.stream().map(PieceSums::rows).toArray(double[][][]::new);
    return new GateGradients(
        byPart,
        Arrays.stream(PieceSums.rows(positions)).map(places::dealt).toArray(double[][]::new));
  }
}
