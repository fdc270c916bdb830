package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import dev.cotrace.model.HeadReads;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;

/**
 * Contracts {@code o_u(t) − o'_u(t)} with the cotangents of what targets read: over the positions
 * of each part for every edge, and over all edges for every position.
 *
 * <p>A tile of a few positions at a time: only of a tile are there every head's output and every
 * target's cotangent at full width, and every edge's score is a matrix product over the tile's
 * positions and the width together.
 *
 * <p>For one position, {@code Σ_{u→v} ⟨o_u − o'_u, g_v⟩ = Σ_v ⟨Σ_{u before v} (o_u − o'_u), g_v⟩}:
 * the sum of the visible differences goes up the layers with the targets.
 */
final class Contraction {
  /** Bytes of all sources' outputs in a tile: what the processor's caches hold. */
  static final long TILE_BYTES = 24L << 20;

  private final GatedModel model;
  private final ComputationGraph graph;
  private final Tape tape;
  private final Parts parts;
  private final int count;
  private final int tileSize;
  private final Tensor differences; // a tile's, [nSrc · tile · D]
  private final Tensor reads; // a tile's, of one layer's heads, [3H · C · tile · D]
  private final List<Tensor> edges = new ArrayList<>(); // [part] of [nSrc, nDst, C]
  private final double[][] positions; // [C][N]

  /**
   * Cotangents of what the targets of a pass's places read.
   *
   * @param logits {@code [C, n, D]}
   * @param heads for each layer, of the projections of what its heads read, {@code [3H, C, n,
   *     dHead]}
   * @param mlps for each layer, {@code [C, n, D]}
   */
  record Cotangents(Tensor logits, List<Tensor> heads, List<Tensor> mlps) {}

  /** Zero sums for {@code count} cotangents, in the caller's scope. */
  Contraction(GatedModel model, Recording recording, Parts parts, int count) {
    this.model = model;
    graph = model.graph();
    tape = recording.tape();
    this.parts = parts;
    this.count = count;
    Placement placement = model.placement();
    long width = model.decoder().architecture().width();
    long fits = TILE_BYTES / (graph.sources() * width * placement.precision().bytes());
    tileSize = Math.toIntExact(Math.clamp(fits, 1, recording.places()));
    differences = placement.empty((long) graph.sources() * tileSize * width);
    reads = placement.empty(3L * graph.heads() * count * tileSize * width);
    // Many tiles of low precision are added up: the sums are doubles.
    Placement exact = new Placement(Precision.FLOAT64, placement.device());
    for (int part = 0; part < parts.count(); part++) {
      edges.add(exact.zeros(graph.sources(), graph.targets(), count));
    }
    positions = new double[count][recording.places()];
  }

  /**
   * Adds the places of a pass.
   *
   * @param slots of the places, {@code [n]}
   */
  void add(GateGradient.Places places, Tensor slots, Cotangents cotangents) {
    Map<Integer, List<Integer>> byPart = new TreeMap<>();
    for (int place = 0; place < places.row().length; place++) {
      int part = parts.of(places.row()[place], places.position()[place]);
      byPart.computeIfAbsent(part, _ -> new ArrayList<>()).add(place);
    }
    byPart.forEach((part, own) -> {
      for (int first = 0; first < own.size(); first += tileSize) {
        int end = Math.min(own.size(), first + tileSize);
        int[] tile = own.subList(first, end).stream().mapToInt(Integer::intValue).toArray();
        Torch.checkInterrupted();
        try (Scope _ = new Scope()) {
          new Tile(part, tile, slots).add(cotangents, places.index());
        }
      }
    });
  }

  /** A few places of one part, which may be {@link Parts#NONE}. */
  private final class Tile {
    private final int part;
    private final int[] places;
    private final Tensor index; // among the pass's
    private final Tensor at; // slots
    private final Tensor outputs; // [nSrc, n, D]
    private final Tensor visible; // Σ of those seen so far, [n, D] in float64
    private Tensor masses; // [C, n] in float64
    private int seen;

    Tile(int part, int[] places, Tensor slots) {
      this.part = part;
      this.places = places;
      Placement placement = model.placement();
      index = placement.indices(Arrays.stream(places).asLongStream().toArray(), places.length);
      at = slots.index_select(0, index);
      outputs = tileOf(differences, graph.sources());
      Placement exact = new Placement(Precision.FLOAT64, placement.device());
      visible = exact.zeros(places.length, outputs.size(2));
      masses = exact.zeros(count, places.length);
      fill();
    }

    private Tensor tileOf(Tensor buffer, long rows) {
      long width = model.decoder().architecture().width();
      return buffer.narrow(0, 0, rows * places.length * width).view(rows, places.length, width);
    }

    private void fill() {
      outputs.select(0, graph.inputSource()).copy_(tape.inputDifference(at));
      for (int layer = 0; layer < graph.layers(); layer++) {
        try (Scope _ = new Scope()) {
          outputs
              .narrow(0, graph.headSource(layer), graph.heads())
              .copy_(tape.headDifferences(layer, at));
          outputs.select(0, graph.mlpSource(layer)).copy_(tape.mlpDifference(layer, at));
        }
      }
    }

    void add(Cotangents cotangents, long[] placeInBatch) {
      Tensor wide =
          tileOf(reads, 3L * graph.heads() * count).view(-1, count, places.length, outputs.size(2));
      for (int layer = 0; layer < graph.layers(); layer++) {
        try (Scope _ = new Scope()) {
          new HeadReads(model.decoder(), layer)
              .pullBack(
                  tape.headReads(layer, at),
                  cotangents.heads.get(layer).index_select(2, index),
                  wide);
          add(graph.headTarget(layer, Slot.Q), wide);
          add(
              graph.mlpTarget(layer),
              cotangents.mlps.get(layer).index_select(1, index).unsqueeze(0));
        }
      }
      add(graph.logitsTarget(), cotangents.logits.index_select(1, index).unsqueeze(0));
      double[] sums = Placement.toDoubles(masses);
      for (int i = 0; i < count; i++) {
        for (int place = 0; place < places.length; place++) {
          positions[i][Math.toIntExact(placeInBatch[places[place]])] =
              sums[i * places.length + place];
        }
      }
    }

    /**
     * Adds the edges into the targets from column {@code target} on, {@code [targets, C, n, D]}.
     */
    private void add(int target, Tensor read) {
      int sources = graph.visibleSources(target);
      if (seen < sources) {
        visible.add_(outputs.narrow(0, seen, sources - seen).sum(0));
        seen = sources;
      }
      masses.add_(visible.mul(read.sum(0)).sum(-1));
      if (part != Parts.NONE) {
        Tensor products =
            outputs
                .narrow(0, 0, sources)
                .view(sources, -1)
                .matmul(read.reshape(read.size(0) * count, -1).t());
        edges
            .get(part)
            .narrow(0, 0, sources)
            .narrow(1, target, read.size(0))
            .add_(products.view(sources, read.size(0), count));
      }
    }
  }

  GateGradients toArrays() {
    double[][][] byPart =
        edges.stream()
            .map(sums -> {
              double[][] each = new double[count][];
              for (int i = 0; i < count; i++) {
                each[i] = Placement.toDoubles(sums.select(2, i));
              }
              return each;
            })
            .toArray(double[][][]::new);
    return new GateGradients(byPart, positions);
  }
}
