package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Units;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** The corruption of a batch, over all calls of the forward pass that it takes. */
final class CorruptedSide implements AutoCloseable {
  private final GatedModel model;
  private final Corruption corruption;
  private final Holder outputs = new Holder(); // [nSrc, P, D], for constants
  private final Holder streams = new Holder(); // [nSrc + 1, P, D]
  private final Holder units = new Holder(); // [cells], where pieces have constants

  /**
   * @param longest positions that a row may come to have
   */
  CorruptedSide(GatedModel model, Corruption corruption, int longest) {
    this.model = model;
    this.corruption = corruption;
    if (corruption instanceof Corruption.Constant(SourceValues values)) {
      requireFits(values);
      requireUnits(values);
      fill(values, Math.min(values.positions(), longest));
    }
  }

  private void requireFits(SourceValues values) {
    int width = model.decoder().architecture().width();
    if (values.sources() != model.graph().sources() || values.width() != width) {
      throw new IllegalArgumentException(
          "constants of %d sources, %d wide, do not fit a model of %d sources, %d wide"
              .formatted(values.sources(), values.width(), model.graph().sources(), width));
    }
  }

  private void requireUnits(SourceValues values) {
    int cells = values.units().length;
    Units compared = Comparisons.of(model.units());
    if (cells > 0 && cells != compared.cells()) {
      throw new IllegalArgumentException(
          "values of %d units do not fit a model of %d %s"
              .formatted(cells, compared.cells(), compared.level().nouns()));
    }
  }

  private void fill(SourceValues values, int positions) {
    try (Scope _ = new Scope()) {
      Tensor all = model.placement().empty(values.sources(), positions + 1, values.width());
      for (int source = 0; source < values.sources(); source++) {
        Placement.write(all.select(0, source), 0, values.rows(source, positions));
      }
      outputs.set(all);
      streams.set(sums(all));
      if (values.units().length > 0) {
        double[] wide = new double[values.units().length];
        Arrays.setAll(wide, cell -> values.units()[cell]);
        units.set(model.placement().tensor(wide, wide.length));
      }
    }
  }

  /** An attention's output bias belongs to no head: it enters the stream with the first one. */
  private Tensor sums(Tensor all) {
    ComputationGraph graph = model.graph();
    Tensor sums = model.placement().zeros(all.size(0) + 1, all.size(1), all.size(2));
    Tensor own = sums.narrow(0, 1, all.size(0)).copy_(all);
    for (int layer = 0; layer < graph.layers(); layer++) {
      Tensor bias = model.decoder().headOutput(layer).bias();
      if (bias != null) {
        own.select(0, graph.headSource(layer)).add_(bias);
      }
    }
    return torch.cumsum(sums, 0);
  }

  /** The values for whole sequences or prompts, each row beginning after its padding. */
  CorruptedValues whole(SequencePairs pairs, Blocks blocks, long[] padding) {
    long[] noise = pairs.rows().stream().mapToLong(SequencePairs.Row::noise).toArray();
    @Nullable Tensor alignment = pairs.alignment(model.placement(), padding);
    return values(new Slots(blocks, padding, noise, 0, pairs.longest()), alignment);
  }

  /**
   * The values for the slot after {@code length} others; the prompts of a row end in the same slot,
   * so later ones correspond.
   *
   * @param noise names the noise of each row
   */
  CorruptedValues next(Blocks blocks, long[] padding, long[] noise, int length) {
    return values(new Slots(blocks, padding, noise, length, 1), null);
  }

  /** The slots of one call, {@code [rows · time]}. */
  private record Slots(Blocks blocks, long[] padding, long[] noise, int start, int time) {
    int count() {
      return blocks.rows() * time;
    }

    /** The position of live slot {@code i}; padding counts as position 0. */
    long position(int i) {
      return Math.max(0, start + i % time - padding[i / time]);
    }
  }

  private CorruptedValues values(Slots slots, @Nullable Tensor alignment) {
    return switch (corruption) {
      case Corruption.Constant _ -> {
        long last = outputs.get().size(1) - 1;
        long[] places = new long[slots.count()];
        Arrays.setAll(places, i -> Math.min(last, slots.position(i)));
        @Nullable Tensor indices =
            last == 0 ? null : model.placement().indices(places, places.length);
        yield new CorruptedConstants(
            slots.blocks,
            outputs.get(),
            streams.get(),
            indices,
            places,
            slots.time,
            units.isSet() ? units.get() : null);
      }
      case Corruption.Noise noise ->
          new CorruptedRows(slots.blocks, alignment, noise(noise, slots));
      case Corruption.Same _, Corruption.TokenMap _, Corruption.Resample _ ->
          new CorruptedRows(slots.blocks, alignment, null);
    };
  }

  private Tensor noise(Corruption.Noise noise, Slots slots) {
    int width = model.decoder().architecture().width();
    EmbeddingNoise deviates = new EmbeddingNoise(noise, width);
    double[] all = new double[slots.count() * width];
    for (int i = 0; i < slots.count(); i++) {
      deviates.copy(slots.noise[i / slots.time], slots.position(i), all, i * width);
    }
    return model.placement().tensor(all, slots.blocks.rows(), slots.time, width);
  }

  @Override
  public void close() {
    outputs.close();
    streams.close();
    units.close();
  }
}
