package dev.cotrace.gate;

import dev.cotrace.model.KvCache;
import dev.cotrace.model.Span;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * One pass over whole given sequences at uniform gates, recorded so that gradients with respect to
 * every edge's gate can be taken.
 */
public final class RecordedRun implements AutoCloseable {
  private final GatedModel model;
  private final Blocks blocks;
  private final int time;
  private final Holder alpha;
  private final RecordingStream stream;
  private final Holder reads;

  /**
   * Runs {@code sequences}; every row begins at slot 0.
   *
   * @param gates one α for each row
   * @param withClean whether the clean run is needed beside the gated one
   */
  public RecordedRun(
      GatedModel model, Gates.Uniform gates, SequencePairs sequences, boolean withClean) {
    this.model = model;
    blocks = sequences.blocks(withClean);
    time = sequences.longest();
    long[] padding = new long[blocks.total()];
    try (Scope _ = new Scope();
        CorruptedSide corrupted = new CorruptedSide(model, sequences, time);
        KvCache cache = model.cache(gates, time, padding)) {
      stream = new RecordingStream(model, blocks, corrupted.whole(blocks, padding), gates);
      alpha = new Holder(model.placement().tensor(gates.alpha(), blocks.rows(), 1, 1));
      Tensor ids = sequences.ids(model.placement(), blocks, padding);
      model.decoder().forward(ids, cache, stream);
      reads = new Holder(stream.readLogits());
    }
  }

  /** What the logits of the gated run read, {@code [rows, time, D]}; a view. */
  public Tensor live() {
    return blocks.live(reads.get(), 0);
  }

  /** What the logits of the clean run read, {@code [rows, time, D]}; a view. */
  public Tensor clean() {
    return blocks.clean(reads.get(), 0);
  }

  /**
   * The gradient with respect to every edge's gate, added up over the positions of each part.
   *
   * @param cotangents of what the logits read, {@code [rows, time, D]} each; they are overwritten
   */
  public GateGradients gateGradients(List<Tensor> cotangents, Parts parts) {
    try (Scope _ = new Scope()) {
      Span span = Span.of(model.placement(), model.decoder().architecture(), 0, time, new long[1]);
      return new GateGradient(model.decoder(), model.graph())
          .pullBack(stream, span, alpha.get(), cotangents, parts);
    }
  }

  @Override
  public void close() {
    stream.close();
    alpha.close();
    reads.close();
  }
}
