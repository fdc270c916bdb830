package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Slot;
import dev.cotrace.model.HeadReads;
import dev.cotrace.model.PullBack;
import dev.cotrace.torch.PackedMatrix;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

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
final class Contraction implements GateSums {
  /** Bytes of all sources' outputs in a tile: what the processor's caches nearly hold. */
  static final long TILE_BYTES = 24L << 20;

  /**
   * Sources whose outputs are packed together, once for the targets of all layers. A target that
   * sees some of them is multiplied by all.
   */
  static final int PACKED = 32;

  private final GatedModel model;
  private final ComputationGraph graph;
  private final Tape tape; // of the reads
  private final Tape sources; // of the differences
  private final SharedPlaces places;
  private final int count;
  private final int tileSize;
  private final Tensor differences; // a tile's, [nSrc · tile · D]
  private final Tensor reads; // a tile's, of one layer's targets, [(3H + 1) · C · tile · D]
  private final List<HeadReads> headReads = new ArrayList<>(); // by layer
  private final List<Tensor> edges = new ArrayList<>(); // [part] of [nSrc, nDst, C]
  private final double[][] positions; // [C][places]

  /** Zero sums for {@code count} cotangents, in the caller's scope. */
  Contraction(GatedModel model, Recording recording, SharedPlaces places, int parts, int count) {
    this.model = model;
    graph = model.graph();
    tape = recording.tape();
    sources = recording.sources().tape();
    this.places = places;
    this.count = count;
    Placement placement = model.placement();
    long width = model.decoder().architecture().width();
    long fits = TILE_BYTES / (graph.sources() * width * placement.precision().bytes());
    tileSize = Math.toIntExact(Math.clamp(fits, 1, places.count()));
    differences = placement.empty((long) graph.sources() * tileSize * width);
    reads = placement.empty((3L * graph.heads() + 1) * count * tileSize * width);
    for (int layer = 0; layer < graph.layers(); layer++) {
      headReads.add(new HeadReads(model.decoder(), layer));
    }
    // Many tiles of low precision are added up: the sums are doubles.
    Placement exact = new Placement(Precision.FLOAT64, placement.device());
    for (int part = 0; part < parts; part++) {
      edges.add(exact.zeros(graph.sources(), graph.targets(), count));
    }
    positions = new double[count][places.count()];
  }

  /** Cotangents of the projections of what the heads read, {@code [3H, C, n, dHead]}. */
  @Override
  public Tensor ofHeads(PullBack.Heads heads) {
    return heads.projections();
  }

  @Override
  public void add(int[] own, Tensor slots, Cotangents cotangents) {
    long[] sourceSlots = places.sources(own);
    Tensor written = model.placement().indices(sourceSlots, sourceSlots.length);
    for (SharedPlaces.Tile some : places.tiles(own, tileSize)) {
      int[] tile = some.at();
      Torch.checkInterrupted();
      try (Scope _ = new Scope()) {
        double[][] masses = new Tile(some.part(), tile, slots, written).add(cotangents);
        for (int i = 0; i < tile.length; i++) {
          for (int cotangent = 0; cotangent < count; cotangent++) {
            positions[cotangent][own[tile[i]]] = masses[cotangent][i];
          }
        }
      }
    }
  }

  /** A few places of one part, which may be {@link Parts#NONE}. */
  private final class Tile {
    private final int part;
    private final int size;
    private final Tensor index; // among the pass's
    private final Tensor at; // slots of the reads
    private final Tensor outputs; // [nSrc, n, D]
    private final List<Factor> factors = new ArrayList<>(); // of PACKED sources each
    private final Tensor visible; // Σ of those seen so far, [n, D] in float64
    private Tensor masses; // [C, n] in float64
    private int seen;

    /**
     * Places of a pass.
     *
     * @param at which of them
     */
    Tile(int part, int[] at, Tensor slots, Tensor written) {
      this.part = part;
      size = at.length;
      Placement placement = model.placement();
      index = placement.indices(Arrays.stream(at).asLongStream().toArray(), size);
      this.at = slots.index_select(0, index);
      outputs = tileOf(differences, graph.sources());
      Placement exact = new Placement(Precision.FLOAT64, placement.device());
      visible = exact.zeros(size, outputs.size(2));
      masses = exact.zeros(count, size);
      fill(written.index_select(0, index));
      for (int first = 0; first < graph.sources(); first += PACKED) {
        int some = Math.min(PACKED, graph.sources() - first);
        factors.add(Factor.of(outputs.narrow(0, first, some).view(some, -1), placement));
      }
    }

    private Tensor tileOf(Tensor buffer, long rows) {
      long width = model.decoder().architecture().width();
      return buffer.narrow(0, 0, rows * size * width).view(rows, size, width);
    }

    private void fill(Tensor from) {
      outputs.select(0, graph.inputSource()).copy_(sources.inputDifference(from));
      for (int layer = 0; layer < graph.layers(); layer++) {
        try (Scope _ = new Scope()) {
          Tensor heads = outputs.narrow(0, graph.headSource(layer), graph.heads());
          sources.writeHeadDifferences(layer, from, heads);
          outputs.select(0, graph.mlpSource(layer)).copy_(sources.mlpDifference(layer, from));
        }
      }
    }

    /** Adds every edge; the sum over all edges at each place, {@code [C][n]}. */
    double[][] add(Cotangents cotangents) {
      for (int layer = 0; layer < graph.layers(); layer++) {
        try (Scope _ = new Scope()) {
          long heads = 3L * graph.heads();
          Tensor ofHeads = rows(0, heads);
          headReads
              .get(layer)
              .pullBack(
                  tape.headReads(layer, at),
                  cotangents.heads().get(layer).index_select(2, index),
                  ofHeads);
          Tensor ofMlp = rows(heads, 1);
          torch.index_select_out(ofMlp.select(0, 0), cotangents.mlps().get(layer), 1, index);
          add(
              List.of(
                  new Targets(graph.headTarget(layer, Slot.Q), ofHeads),
                  new Targets(graph.mlpTarget(layer), ofMlp)),
              rows(0, heads + 1));
        }
      }
      Tensor logits = cotangents.logits().index_select(1, index).unsqueeze(0);
      add(List.of(new Targets(graph.logitsTarget(), logits)), logits);
      double[] sums = Placement.toDoubles(masses);
      double[][] byCotangent = new double[count][];
      Arrays.setAll(byCotangent, i -> Arrays.copyOfRange(sums, i * size, (i + 1) * size));
      return byCotangent;
    }

    /** Some targets' part of the buffer of reads, {@code [targets, C, n, D]}. */
    private Tensor rows(long first, long targets) {
      long width = outputs.size(2);
      long each = (long) count * size * width;
      return reads.narrow(0, first * each, targets * each).view(targets, count, size, width);
    }

    /**
     * Adds the edges into some targets.
     *
     * @param all their reads, one after the other
     */
    private void add(List<Targets> some, Tensor all) {
      for (Targets targets : some) {
        int before = graph.visibleSources(targets.first);
        if (seen < before) {
          visible.add_(outputs.narrow(0, seen, before - seen).sum(0));
          seen = before;
        }
        masses.add_(visible.mul(targets.reads.sum(0)).sum(-1));
      }
      if (part != Parts.NONE) {
        Tensor cotangents = all.view(all.size(0) * count, -1);
        for (int first = 0; first < seen; first += PACKED) {
          Tensor products = factors.get(first / PACKED).times(cotangents); // [targets · C, sources]
          add(some, products.view(all.size(0), count, -1).permute(2, 0, 1), first);
        }
      }
    }

    /**
     * Adds the edges from some sources.
     *
     * @param products {@code [sources, targets, C]}
     */
    private void add(List<Targets> some, Tensor products, int firstSource) {
      long row = 0;
      for (Targets targets : some) {
        long size = targets.reads.size(0);
        long before = graph.visibleSources(targets.first) - (long) firstSource;
        long sources = Math.min(before, products.size(0));
        if (sources > 0) {
          edges
              .get(part)
              .narrow(0, firstSource, sources)
              .narrow(1, targets.first, size)
              .add_(products.narrow(0, 0, sources).narrow(1, row, size));
        }
        row += size;
      }
    }
  }

  /**
   * Some sources' outputs, to be multiplied by the reads of one layer's targets after another.
   *
   * @param outputs {@code [sources, n · D]}
   * @param packed the same, where that is possible
   */
  private record Factor(Tensor outputs, @Nullable PackedMatrix packed) {
    static Factor of(Tensor outputs, Placement placement) {
      return new Factor(outputs, PackedMatrix.of(outputs, placement));
    }

    /** Of {@code [rows, n · D]}: {@code [rows, sources]}. */
    Tensor times(Tensor reads) {
      return packed == null ? reads.matmul(outputs.t()) : packed.times(reads, null);
    }
  }

  /**
   * Targets side by side that see the same sources.
   *
   * @param first column of the first
   * @param reads their cotangents, {@code [targets, C, n, D]}
   */
  private record Targets(int first, Tensor reads) {}

  @Override
  public GateGradients toArrays() {
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
    return new GateGradients(
        byPart, Arrays.stream(positions).map(places::dealt).toArray(double[][]::new));
  }
}
