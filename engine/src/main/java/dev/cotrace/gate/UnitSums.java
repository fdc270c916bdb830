package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/**
 * What contractions of units share: a few places at a time, on which they meet what is written from
 * the logits back to the input, and sums by part of time.
 */
abstract sealed class UnitSums implements GateSums permits PieceSums, UnitEdgeSums {
  /** Places at a time: every unit of a part has a number at each of them. */
  static final int MOST_PLACES = 256;

  static final Precision EXACT = Precision.FLOAT64;

  final GatedModel model;
  final Pieces pieces;
  final PartPlaces parts;
  final TapeAmounts amounts; // of the differences
  final SharedPlaces places;
  private final List<Tensor> sums; // [part] of [C, …] in float64
  private final Tensor positions; // [C, places] in float64

  /**
   * Zero sums in the caller's scope.
   *
   * @param model with gates on pieces
   * @param count of cotangents, C
   * @param shape of the sums of one cotangent
   */
  UnitSums(
      GatedModel model,
      Recording recording,
      SharedPlaces places,
      int timeParts,
      int count,
      long... shape) {
    this.model = model;
    pieces = (Pieces) model.units();
    parts = new PartPlaces(pieces, model.features());
    amounts = new TapeAmounts(model, recording.sources().tape());
    this.places = places;
    Placement exact = new Placement(EXACT, model.placement().device());
    long[] all = LongStream.concat(LongStream.of(count), LongStream.of(shape)).toArray();
    sums = IntStream.range(0, timeParts).mapToObj(_ -> exact.zeros(all)).toList();
    positions = exact.zeros(count, places.count());
  }

  /** How many places are looked at together, of {@code count} cotangents. */
  abstract int placesAtOnce(int count);

  /**
   * A look at some places.
   *
   * @param own the same, as numbers
   * @param slots of the reads of all places of the pass
   */
  abstract Look look(SomePlaces some, int[] own, Tensor slots);

  @Override
  public final Tensor ofHeads(PullBack.Heads heads) {
    return heads.reads();
  }

  @Override
  public final void add(int[] own, Tensor slots, Cotangents cotangents) {
    long[] written = places.sources(own);
    int most = placesAtOnce(Math.toIntExact(cotangents.logits().size(0)));
    for (SharedPlaces.Tile tile : places.tiles(own, most)) {
      try (Scope _ = new Scope()) {
        SomePlaces some = SomePlaces.of(model.placement(), tile, own, written);
        int[] at = Arrays.stream(tile.at()).map(i -> own[i]).toArray();
        look(some, at, slots).add(cotangents);
      }
    }
  }

  /**
   * A few places of one part of time, which may be {@link Parts#NONE}. What comes by is handed over
   * from the logits back to the input; cotangents are {@code [C, n, D]}, and those of a layer are
   * freed with its scope.
   */
  abstract class Look {
    final SomePlaces some;

    Look(SomePlaces some) {
      this.some = some;
    }

    /** The logits read the stream. */
    abstract void logits(Tensor read);

    /** The MLP of {@code layer} writes, which {@code reaching} reaches and which reads. */
    abstract void mlp(int layer, Tensor reaching, Tensor read);

    /** The heads of {@code layer} write. */
    abstract void heads(int layer, Tensor reaching);

    /** The MLP of a layer read, after all that comes now has written. */
    abstract void mlpRead(Scope layer);

    /** The heads of a layer read. */
    abstract void headsRead(Scope layer, Tensor read);

    /** The input writes. */
    abstract void input(Tensor reaching);

    void add(Cotangents cotangents) {
      ComputationGraph graph = model.graph();
      Tensor logits = here(cotangents.logits());
      logits(logits);
      Tensor reaching = logits.clone();
      for (int layer = graph.layers() - 1; layer >= 0; layer--) {
        Torch.checkInterrupted();
        try (Scope scope = new Scope()) {
          Tensor mlp = here(cotangents.mlps().get(layer));
          Tensor heads = here(cotangents.heads().get(layer));
          mlp(layer, reaching, mlp);
          if (graph.parallel()) {
            heads(layer, reaching);
            reaching.add_(mlp);
            mlpRead(scope);
          } else {
            reaching.add_(mlp);
            mlpRead(scope);
            heads(layer, reaching);
          }
          reaching.add_(heads);
          headsRead(scope, heads);
        }
      }
      input(reaching);
    }

    /** What of all of a pass is at these places. */
    final Tensor here(Tensor cotangents) {
      return cotangents.index_select(1, some.index());
    }

    /** Counts what all units have at these places, {@code [C, n]} in float64. */
    final void count(Tensor exact) {
      positions.index_add_(1, some.own(), exact);
    }

    /** Whether these places belong to sums. */
    final boolean isSummed() {
      return some.part() != Parts.NONE;
    }

    /** The sums that they belong to, {@code [C, …]}. */
    final Tensor sum() {
      return sums.get(some.part());
    }
  }

  @Override
  public final GateGradients toArrays() {
    double[][][] byPart = sums.stream().map(UnitSums::rows).toArray(double[][][]::new);
    return new GateGradients(
        byPart, Arrays.stream(rows(positions)).map(places::dealt).toArray(double[][]::new));
  }

  /** {@code [C, …]} as an array for each C. */
  private static double[][] rows(Tensor sums) {
    double[] all = Placement.toDoubles(sums);
    int width = all.length / Math.toIntExact(sums.size(0));
    double[][] rows = new double[Math.toIntExact(sums.size(0))][];
    Arrays.setAll(rows, row -> Arrays.copyOfRange(all, row * width, (row + 1) * width));
    return rows;
  }
}
