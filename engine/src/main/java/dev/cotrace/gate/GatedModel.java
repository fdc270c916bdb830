package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Units;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.KvCache;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Placement;

/**
 * A decoder that can be gated.
 *
 * @param decoder the forward pass
 * @param units what gradients are taken with respect to the gates of
 */
public record GatedModel(Decoder decoder, Units units) {
  /** The gated form of {@code decoder}. */
  public static GatedModel of(Decoder decoder) {
    return new GatedModel(decoder, graph(decoder.architecture()));
  }

  /** The same with gates on other units of its graph. */
  public GatedModel at(Level level) {
    Architecture architecture = decoder.architecture();
    return new GatedModel(
        decoder,
        level == Level.EDGE
            ? graph()
            : new Pieces(graph(), level, architecture.width(), architecture.mlp().width()));
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
    return new Footprint(decoder.architecture(), units, placement());
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

  /** Nothing from any source in place of its output. */
  public Corruption zero() {
    int width = decoder.architecture().width();
    return new Corruption.Constant(SourceValues.zero(graph().sources(), width));
  }

  /** Bytes that a {@link Tape} keeps of {@code positions} positions. */
  public long recordedBytes(long positions) {
    return positions * Tape.bytesPerSlot(decoder.architecture(), units, placement());
  }

  /** A fresh stream for one call of the forward pass under {@code gates}. */
  ResidualStream stream(Gates gates, Blocks blocks, CorruptedValues corrupted) {
    return switch (gates) {
      case Gates.Uniform uniform -> new MixedStream(this, blocks, corrupted, uniform);
      case Gates.Held held -> new HeldStream(this, blocks, corrupted, held);
      case Gates.PerEdge perEdge -> new MaskedStream(this, blocks, corrupted, perEdge);
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
          case Gates.Uniform _, Gates.Held _ -> architecture.keyValueHeads();
          case Gates.PerEdge _ -> architecture.heads();
        };
    return new KvCache(placement(), architecture, heads, capacity, padding);
  }
}
