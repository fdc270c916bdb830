package dev.cotrace.gate;

import dev.cotrace.model.KvCache;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Scope;
import org.bytedeco.pytorch.Tensor;

/** Passes over whole given sequences of a gated model, without a gradient. */
public final class GatedForward {
  private GatedForward() {}

  /**
   * What the logits of {@code sequences} read, {@code [N, D]}: the positions of all rows one after
   * another; in the caller's scope.
   */
  public static Tensor finalReads(GatedModel model, Gates gates, SequencePairs sequences) {
    Blocks blocks = sequences.blocks();
    long[] padding = new long[blocks.total()];
    try (Scope scope = new Scope();
        CorruptedSide corrupted =
            new CorruptedSide(model, sequences.corruption(), sequences.longest());
        KvCache cache = model.cache(gates, sequences.longest(), padding);
        ResidualStream stream =
            model.stream(gates, blocks, corrupted.whole(sequences, blocks, padding))) {
      Tensor ids = sequences.ids(model.placement(), blocks, padding);
      model.decoder().forward(ids, cache, stream);
      Tensor live = blocks.live(stream.readLogits(), 0);
      return scope.keep(
          live.reshape(-1, live.size(2)).index_select(0, sequences.places(model.placement())));
    }
  }
}
