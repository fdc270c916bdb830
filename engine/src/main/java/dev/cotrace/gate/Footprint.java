package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.PlainRun;
import dev.cotrace.torch.PackedMatrix;
import dev.cotrace.torch.Placement;

/**
 * How much memory pieces of work on a model take, in bytes: the tensors that exist at one time,
 * counted from shapes. Places are positions of live rows; where there is a corrupted run its rows
 * go through the model beside them.
 *
 * @param architecture shape of the model
 * @param units that have gates
 * @param features the dictionaries that units of features are of
 * @param placement where its tensors live
 */
public record Footprint(
    Architecture architecture, Units units, FeatureSites features, Placement placement) {
  /** The bytes of a float64. */
  private static final int EXACT = 8;

  /** For a model that need not be there. */
  public static Footprint of(Architecture architecture, Placement placement) {
    return new Footprint(
        architecture, GatedModel.graph(architecture), FeatureSites.NONE, placement);
  }

  /** The nodes and edges. */
  public ComputationGraph graph() {
    return units.graph();
  }

  /** Bytes of a number. */
  public int bytes() {
    return placement.precision().bytes();
  }

  /** V. */
  public int vocabulary() {
    return architecture.vocabulary();
  }

  private long width() {
    return architecture.width();
  }

  /** H · dHead. */
  private long heads() {
    return (long) architecture.heads() * architecture.headDimension();
  }

  /**
   * All parameters but those of norms and biases, the packed copies of matrices, and dictionaries.
   */
  public long weights() {
    long keyValue = (long) architecture.keyValueHeads() * architecture.headDimension();
    long linear = architecture.mlp().gated() ? 3 : 2;
    long layer = 2 * heads() + 2 * keyValue + linear * architecture.mlp().width();
    long embedding = (long) architecture.vocabulary() * width();
    long matrices = architecture.layers() * layer * width() + embedding;
    long beside = architecture.tiedUnembedding() ? 0 : embedding;
    boolean learned = architecture.attention().patterns().getFirst().rotary().dimensions() == 0;
    beside += learned ? width() * architecture.maxPositions() : 0;
    long model = (matrices * (PackedMatrix.isFor(placement) ? 2 : 1) + beside) * bytes();
    return model + features.bytes();
  }

  /**
   * Floating-point operations of a forward pass of one stream: a multiplication and an addition for
   * each weight and place, and for each pair of places, twice, in every layer (QK, AV).
   *
   * @param places that go through the layers
   * @param read places whose logits are read
   * @param pairs of places of which one attends to the other
   */
  public double forwardFlops(double places, double read, double pairs) {
    double keyValue = (double) architecture.keyValueHeads() * architecture.headDimension();
    double linear = architecture.mlp().gated() ? 3 : 2;
    double layer = 2.0 * heads() + 2 * keyValue + linear * architecture.mlp().width();
    return 2 * places * architecture.layers() * layer * width()
        + 2 * read * architecture.vocabulary() * width()
        + 4 * pairs * architecture.layers() * heads();
  }

  /** What a {@link Tape} keeps of {@code places}. */
  public long tape(long places) {
    long compared = new Comparisons(units, features).width(architecture);
    return places * (Tape.bytesPerSlot(architecture, placement) + compared * bytes());
  }

  /** What {@link FinalReads} keep of {@code places}. */
  public long finalReads(long places) {
    return places * FinalReads.bytesPerSlot(architecture, placement);
  }

  /**
   * Keys and values.
   *
   * @param rows of all blocks
   */
  public long cache(long rows, long positions) {
    return cache(rows, positions, architecture.keyValueHeads());
  }

  /**
   * As {@link #cache}, with a gate for every unit: behind gates on edges every head has its own.
   */
  public long circuitCache(long rows, long positions) {
    return cache(
        rows,
        positions,
        units instanceof ComputationGraph ? architecture.heads() : architecture.keyValueHeads());
  }

  private long cache(long rows, long positions, int each) {
    return 2L
        * architecture.layers()
        * each
        * architecture.headDimension()
        * rows
        * positions
        * bytes();
  }

  /** The distribution of the next token of {@code rows}, from logits to what is drawn. */
  public long nextTokens(long rows) {
    return rows * architecture.vocabulary() * (bytes() + 4 * EXACT + 1);
  }

  /**
   * The activations of one layer, and what of the stream outlives it.
   *
   * @param rows of all blocks
   */
  public long forward(long rows, long time) {
    long place = 10 * width() + 8 * heads() + 4L * architecture.mlp().width();
    return rows * time * place * bytes() + cappedScores(rows, time);
  }

  /**
   * As {@link #forward} with a gate for every unit.
   *
   * @param rows live ones
   * @param blocks 2 with a corrupted run, else 1
   */
  public long circuit(long rows, long time, int blocks) {
    long gated =
        switch (units) {
          case ComputationGraph graph -> masked(graph, rows * time, blocks);
          case Pieces pieces -> PieceGates.bytes(this, pieces, rows * time, blocks);
          case UnitEdges edges -> PieceGates.bytes(this, edges.pieces(), rows * time, blocks);
        };
    return gated + forward(blocks * rows, time);
  }

  /**
   * The differences of all sources, and the reads of every head's q, k and v, each once as they are
   * and once normed.
   */
  private long masked(ComputationGraph graph, long places, int blocks) {
    long reads = 3L * architecture.heads() * (1 + 3L * blocks);
    return places * (graph.sources() + reads) * width() * bytes();
  }

  /** The clean model over {@code rows} whole sequences, as many at a time as it takes. */
  public long plain(long rows, long time) {
    long together = Math.clamp(PlainRun.POSITIONS_AT_ONCE / time, 1L, Math.max(1, rows));
    return forward(together, time) + cache(together, time);
  }

  /** Attention scores exist as a whole only where they are capped. */
  private long cappedScores(long rows, long time) {
    return architecture.attention().scoreCap() > 0
        ? 4 * rows * architecture.heads() * time * time * bytes()
        : 0;
  }

  /**
   * The positions of rows that go back together.
   *
   * @param all of every row
   * @param distinct those that rows share counted once
   * @param stems of these, those at the end of which rows part or before it
   * @param longest positions of a row
   */
  public record Places(long all, long distinct, long stems, long longest) {}

  /**
   * The pass back from a recording, without its tape.
   *
   * @param cotangents C
   * @param parts that get a gradient of their own
   */
  public long backward(Places places, int cotangents, long parts) {
    long at = Math.min(places.distinct, Math.max(places.longest, GateGradient.PLACES_AT_ONCE));
    long kept =
        (3 * heads() + width()) * architecture.layers() * cotangents + 2L * cotangents * width();
    long attention = (12 + 4L * cotangents) * heads() + 3L * cotangents * width();
    long mlp = (7 + 3L * cotangents) * architecture.mlp().width() + 3L * cotangents * width();
    long pass = at * (kept + Math.max(attention, mlp)) * bytes();
    long whole = (2 + 2L * cotangents) * places.all + (long) cotangents * places.distinct;
    long waiting = 2L * cotangents * heads() * architecture.layers() * places.stems;
    return (whole * width() + waiting) * bytes()
        + pass
        + cappedScores(1, places.longest)
        + contraction(places.distinct, cotangents, parts);
  }

  /** Rows of the projections of a layer's queries, keys and values. */
  private long projections() {
    return heads() + 2L * architecture.keyValueHeads() * architecture.headDimension();
  }

  private long contraction(long places, int cotangents, long parts) {
    if (units instanceof Pieces pieces) {
      return PieceSums.bytes(this, pieces, places, cotangents, parts);
    }
    if (units instanceof UnitEdges edges) {
      return UnitEdgeSums.bytes(this, edges, places, cotangents, parts);
    }
    long perPlace = graph().sources() * width() * bytes();
    long tile = Math.clamp(Contraction.TILE_BYTES / perPlace, 1, Math.max(1, places));
    long targets = (3L * architecture.heads() + 1) * cotangents;
    long reads = targets * width() * bytes();
    long gained = (long) architecture.layers() * projections() * width() * bytes();
    int copies = PackedMatrix.isFor(placement) ? 2 : 1;
    return tile * (copies * perPlace + reads) + gained + parts * units.cells() * cotangents * EXACT;
  }
}
