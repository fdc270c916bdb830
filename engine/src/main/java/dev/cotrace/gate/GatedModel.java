package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.ErrorUnits;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Placement;
import java.util.HashSet;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A decoder that can be gated.
 *
 * @param decoder the forward pass
 * @param units what gradients are taken with respect to the gates of
 * @param features the dictionaries that units of {@link Level#FEATURE} are of
 */
public record GatedModel(Decoder decoder, Units units, FeatureSites features) {
  /** The gated form of {@code decoder}. */
  public static GatedModel of(Decoder decoder) {
    return new GatedModel(decoder, graph(decoder.architecture()), FeatureSites.NONE);
  }

  /**
   * The same with gates on other units of its graph.
   *
   * @param level but features, which {@link #with} takes
   */
  public GatedModel at(Level level) {
    Architecture architecture = decoder.architecture();
    return new GatedModel(
        decoder,
        switch (level) {
          case EDGE -> graph();
          case NODE, HEAD, MLP, RESIDUAL_DIM, NEURON ->
              Pieces.of(graph(), level, architecture.width(), architecture.mlp().width());
          case FEATURE -> throw new IllegalArgumentException("gates on features need dictionaries");
        },
        FeatureSites.NONE);
  }

  /** The same with gates on the features of {@code sites}, their errors, and all other nodes. */
  public GatedModel with(FeatureSites sites, ErrorUnits errors) {
    return new GatedModel(decoder, sites.pieces(graph()).with(errors), sites);
  }

  /**
   * The same with gates on edges between some units, where gradients are taken.
   *
   * @param chosen cells of pieces that are looked at one by one
   */
  public GatedModel between(int... chosen) {
    if (!(units instanceof Pieces pieces)) {
      throw new IllegalArgumentException(
          "edges between units are of nodes and features, not of " + units.level().nouns());
    }
    PartPlaces places = new PartPlaces(pieces, features);
    Set<Integer> reading = new HashSet<>();
    for (int layer = 0; layer < graph().layers(); layer++) {
      @Nullable FeatureSite site = features.mlp(layer);
      if (site != null && site.readsApart()) {
        reading.add(places.mlp(layer));
      }
    }
    return new GatedModel(decoder, new UnitEdges(pieces, chosen, reading), features);
  }

  /** The nodes and edges of the decoder. */
  public ComputationGraph graph() {
    return units.graph();
  }

  /** The nodes and edges of a model of that shape. */
  static ComputationGraph graph(Architecture architecture) {
    return new ComputationGraph(
        architecture.layers(), architecture.heads(), architecture.parallel());
  }

  /** What the pieces of work on this model take. */
  public Footprint footprint() {
    return new Footprint(decoder.architecture(), units, features, placement());
  }

  /** Where the model's tensors live. */
  public Placement placement() {
    return decoder.placement();
  }

  /** Number of token ids V. */
  public int vocabulary() {
    return decoder.architecture().vocabulary();
  }

  /** Longest sequence the model was made for. */
  public int maxPositions() {
    return decoder.architecture().maxPositions();
  }

  /**
   * Nothing from any unit in place of what it writes. An MLP's output bias belongs to none of its
   * hidden units: it stays where these have gates.
   */
  public Corruption.Constant zero() {
    int width = decoder.architecture().width();
    double[] written = new double[graph().sources() * width];
    for (int layer = 0; units.level() == Level.NEURON && layer < graph().layers(); layer++) {
      @Nullable Tensor bias = decoder.mlpOutput(layer).bias();
      if (bias != null) {
        int first = graph().mlpSource(layer) * width;
        System.arraycopy(Placement.toDoubles(bias), 0, written, first, width);
      }
    }
    return new Corruption.Constant(SourceValues.everywhere(graph().sources(), width, written));
  }

  /** Bytes that a {@link Tape} keeps of {@code positions} positions. */
  public long recordedBytes(long positions) {
    return footprint().tape(positions);
  }

  /** A fresh stream for one call of the forward pass under {@code gates}. */
  ResidualStream stream(Gates gates, Blocks blocks, CorruptedValues corrupted) {
    return stream(gates, blocks, corrupted, CutStream.Sink.NONE);
  }

  /** As {@link #stream(Gates, Blocks, CorruptedValues)}; {@code sink} sees where it is cut. */
  ResidualStream stream(
      Gates gates, Blocks blocks, CorruptedValues corrupted, CutStream.Sink sink) {
    if (features.cutStream()) {
      return new CutStream(this, blocks, corrupted, gates, sink);
    }
    return switch (gates) {
      case Gates.Uniform uniform -> new MixedStream(this, blocks, corrupted, uniform);
      case Gates.Held held -> new HeldStream(this, blocks, corrupted, held);
      case Gates.PerEdge perEdge -> new MaskedStream(this, blocks, corrupted, perEdge);
      case Gates.PerPiece perPiece -> new PieceStream(this, blocks, corrupted, perPiece);
    };
  }

  /**
   * An empty cache for the rows of all blocks; with a gate per edge every query head has keys of
   * its own.
   */
  KvCache cache(Gates gates, int capacity, long[] padding) {
    Architecture architecture = decoder.architecture();
    if (capacity > architecture.maxPositions()) {
      throw new IllegalArgumentException(
          "prompt and budget need %d positions, but the model has %d: shorten the prompt or lower --max-new-tokens"
              .formatted(capacity, architecture.maxPositions()));
    }
    int heads =
        switch (gates) {
          case Gates.Uniform _, Gates.Held _, Gates.PerPiece _ -> architecture.keyValueHeads();
          case Gates.PerEdge _ -> architecture.heads();
        };
    return new KvCache(placement(), architecture, heads, capacity, padding);
  }
}
