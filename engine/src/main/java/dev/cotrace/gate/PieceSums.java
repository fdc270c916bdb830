package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Part;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Contracts what each piece of a node writes beyond its corrupted self with the cotangent that
 * reaches the node: {@code ∂S/∂z_p = Σ_t ⟨o_p(t) − o'_p(t), Σ_v g_v(t)⟩} over all targets v that
 * read after it. So the pieces of a node add up to the node, and a node to its edges.
 */
final class PieceSums implements GateSums {
  /** Places at a time: every unit of a part has a number at each of them. */
  private static final int MOST_PLACES = 256;

  /** Numbers of a part at once: places are fewer where a dictionary is large. */
  private static final int NUMBERS = 1 << 22;

  private final GatedModel model;
  private final ComputationGraph graph;
  private final Pieces pieces;
  private final PartPlaces parts;
  private final TapeAmounts amounts; // of the differences
  private final SharedPlaces places;
  private final List<Tensor> sums = new ArrayList<>(); // [part] of [C, cells] in float64
  private final Tensor positions; // [C, places] in float64

  /** Zero sums for {@code count} cotangents, in the caller's scope. */
  PieceSums(
      GatedModel model,
      Pieces pieces,
      Recording recording,
      SharedPlaces places,
      int timeParts,
      int count) {
    this.model = model;
    this.pieces = pieces;
    graph = model.graph();
    this.parts = new PartPlaces(pieces, model.features());
    amounts = new TapeAmounts(model, recording.sources().tape());
    this.places = places;
    Placement exact = new Placement(Precision.FLOAT64, model.placement().device());
    for (int part = 0; part < timeParts; part++) {
      sums.add(exact.zeros(count, pieces.cells()));
    }
    positions = exact.zeros(count, places.count());
  }

  private static int places(Pieces pieces) {
    int widest = pieces.parts().stream().mapToInt(Part::count).max().orElse(1);
    return Math.clamp(NUMBERS / widest, 1, MOST_PLACES);
  }

  /** Bytes that it takes beside what a pass keeps. */
  static long bytes(Footprint footprint, Pieces pieces, long all, int cotangents, long parts) {
    long width = footprint.architecture().width();
    long hidden = footprint.architecture().mlp().width();
    long widest = pieces.parts().stream().mapToInt(Part::count).max().orElse(1);
    long at = Math.min(all, places(pieces));
    long heads = (long) pieces.graph().heads() * width;
    long products = cotangents * Math.max(widest, width) * (2L * footprint.bytes() + Double.BYTES);
    long compared = 4L * Math.max(widest, hidden) * footprint.bytes();
    long reaching = 3L * cotangents * width * footprint.bytes();
    return at * (heads * footprint.bytes() + products + compared + reaching)
        + parts * pieces.cells() * cotangents * (long) Double.BYTES;
  }

  @Override
  public Tensor ofHeads(PullBack.Heads heads) {
    return heads.reads();
  }

  @Override
  public void add(int[] own, Tensor slots, Cotangents cotangents) {
    long[] written = places.sources(own);
    for (SharedPlaces.Tile tile : places.tiles(own, places(pieces))) {
      try (Scope _ = new Scope()) {
        new Some(SomePlaces.of(model.placement(), tile, own, written)).add(cotangents);
      }
    }
  }

  /** A few places of one part, which may be {@link Parts#NONE}. */
  private final class Some {
    private final SomePlaces some;

    Some(SomePlaces some) {
      this.some = some;
    }

    void add(Cotangents cotangents) {
      if (model.features().cutStream()) {
        cuts(cotangents.cuts());
      } else {
        nodes(cotangents);
      }
    }

    private void cuts(List<Tensor> behind) {
      int cut = 0;
      for (FeatureSite site : model.features().cuts().values()) {
        try (Scope _ = new Scope()) {
          put(
              cut,
              amounts.cut(cut, site, some.from()),
              behind.get(cut).index_select(1, some.index()));
          cut++;
        }
      }
    }

    private void nodes(Cotangents cotangents) {
      Tensor reaching = cotangents.logits().index_select(1, some.index()); // [C, n, D]
      for (int layer = graph.layers() - 1; layer >= 0; layer--) {
        Torch.checkInterrupted();
        try (Scope _ = new Scope()) {
          mlp(layer, reaching);
          Tensor mlp = cotangents.mlps().get(layer).index_select(1, some.index());
          if (graph.parallel()) {
            heads(layer, reaching);
            reaching.add_(mlp);
          } else {
            reaching.add_(mlp);
            heads(layer, reaching);
          }
          reaching.add_(cotangents.heads().get(layer).index_select(1, some.index()));
        }
      }
      try (Scope _ = new Scope()) {
        put(parts.input(), amounts.input(some.from()), reaching);
      }
    }

    private void mlp(int layer, Tensor reaching) {
      put(parts.mlp(layer), amounts.mlp(layer, some.from()), reaching);
    }

    private void heads(int layer, Tensor reaching) {
      List<Amounts> heads = amounts.heads(layer, some.from());
      for (int head = 0; head < heads.size(); head++) {
        try (Scope _ = new Scope()) {
          put(parts.heads(layer) + head, heads.get(head), reaching);
        }
      }
    }

    /** Adds what every piece of a part has at every place. */
    private void put(int of, Amounts amounts, Tensor reaching) {
      Tensor exact = amounts.along(reaching).to(torch.ScalarType.Double); // [C, n, pieces]
      positions.index_add_(1, some.own(), exact.sum(2));
      if (some.part() != Parts.NONE) {
        sums.get(some.part()).narrow(1, pieces.first(of), pieces.count(of)).add_(exact.sum(1));
      }
    }
  }

  @Override
  public GateGradients toArrays() {
    double[][][] byPart = sums.stream().map(PieceSums::rows).toArray(double[][][]::new);
    return new GateGradients(
        byPart, Arrays.stream(rows(positions)).map(places::dealt).toArray(double[][]::new));
  }

  /** {@code [C, …]} as an array for each C. */
  static double[][] rows(Tensor sums) {
    double[] all = Placement.toDoubles(sums);
    int width = all.length / Math.toIntExact(sums.size(0));
    double[][] rows = new double[Math.toIntExact(sums.size(0))][];
    Arrays.setAll(rows, row -> Arrays.copyOfRange(all, row * width, (row + 1) * width));
    return rows;
  }
}
