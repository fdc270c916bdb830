package dev.cotrace.gate;

import dev.cotrace.model.KvCache;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Decoding from a gated model with a KV cache: the prompts of all rows once, then one token at a
 * time.
 */
public final class GatedDecoding implements AutoCloseable {
  private final GatedModel model;
  private final SequencePairs prompts;
  private final CorruptedSide corrupted;
  private final Holder corruptedReads = new Holder(); // [rows, D], when partners are resampled
  private final @Nullable Tape tape;
  private Gates gates;
  private Blocks blocks;
  private long[] padding;
  private int[] origins; // which prompt each row goes on from
  private KvCache cache;
  private int firstSlot; // on the tape, of what was last fed

  /**
   * Prepares to decode at most {@code newTokens} tokens after the prompts.
   *
   * @param gates one α for each row of {@code prompts}, or a gate for every edge
   * @param tape records all that is fed, where a gradient is to follow; not for {@link
   *     Gates.PerEdge}
   */
  public GatedDecoding(
      GatedModel model, Gates gates, SequencePairs prompts, int newTokens, @Nullable Tape tape) {
    this.model = model;
    this.tape = tape;
    this.gates = gates;
    this.prompts = prompts;
    blocks = prompts.blocks();
    padding = prompts.leftPadding(blocks);
    cache = model.cache(gates, prompts.longest() + newTokens, padding);
    corrupted = new CorruptedSide(model, prompts, cache.capacity());
    origins = IntStream.range(0, blocks.rows()).toArray();
  }

  /**
   * Reads the prompts; the live rows' logits after their last token, {@code [rows, V]}, in the
   * caller's scope.
   */
  public Tensor prefill() {
    try (Scope scope = new Scope()) {
      Tensor ids = prompts.ids(model.placement(), blocks, padding);
      return scope.keep(forward(ids, corrupted.whole(blocks, padding)));
    }
  }

  /** The slots on the tape of the prompt in {@code row}, once the prompts are read. */
  public int[] promptSlots(int row) {
    int first = firstSlot + row * prompts.longest() + Math.toIntExact(padding[row]);
    return IntStream.range(first, firstSlot + (row + 1) * prompts.longest()).toArray();
  }

  /** The slot on the tape of what {@link #step} last fed to {@code row}. */
  public int slot(int row) {
    return firstSlot + row;
  }

  /**
   * From now on row i goes on from where row {@code rows[i]} was; rows may be repeated, so that the
   * rollouts of a prompt share its prefill, or left out.
   */
  public void select(int[] rows) {
    int[] all = new int[rows.length * blocks.count()];
    Arrays.setAll(all, i -> i / rows.length * blocks.rows() + rows[i % rows.length]);
    KvCache selected = cache.select(all);
    cache.close();
    cache = selected;
    long[] paddings = padding;
    padding = Arrays.stream(all).mapToLong(at -> paddings[at]).toArray();
    int[] prompt = origins;
    origins = Arrays.stream(rows).map(row -> prompt[row]).toArray();
    blocks = new Blocks(rows.length, blocks.corrupted());
    gates = gates.select(rows);
  }

  /**
   * Feeds one token to each row; the live rows' next logits, {@code [rows, V]}, in the caller's
   * scope.
   *
   * @param partners what the corrupted run is fed in place of {@code tokens}; without a corrupted
   *     run they are not looked at
   */
  public Tensor step(int[] tokens, int[] partners) {
    try (Scope scope = new Scope()) {
      long[] all = new long[blocks.total()];
      int rows = blocks.rows();
      Arrays.setAll(all, at -> at < rows ? tokens[at] : partners[at - rows]);
      Tensor ids = model.placement().indices(all, blocks.total(), 1);
      return scope.keep(forward(ids, corrupted.next(blocks, padding, origins, cache.length())));
    }
  }

  /**
   * The corrupted rows' logits after what was last fed, in the caller's scope: {@code [rows, V]},
   * with the rows as they were then. Only for {@link Corruption.Resample}.
   */
  public Tensor corruptedLogits() {
    return model.decoder().logits(corruptedReads.get());
  }

  private Tensor forward(Tensor ids, CorruptedValues values) {
    try (ResidualStream stream = stream(values, Math.toIntExact(ids.size(1)))) {
      model.decoder().forward(ids, cache, stream);
      Tensor last = stream.readLogits().select(1, ids.size(1) - 1);
      if (prompts.corruption() instanceof Corruption.Resample) {
        corruptedReads.set(blocks.corrupted(last, 0));
      }
      return model.decoder().logits(blocks.live(last, 0));
    }
  }

  private ResidualStream stream(CorruptedValues values, int time) {
    if (tape == null) {
      return model.stream(gates, blocks, values);
    }
    Tape.Segment segment = tape.next(blocks.rows() * time, values);
    firstSlot = segment.first();
    return new RecordingStream(model, blocks, values, gates, segment);
  }

  @Override
  public void close() {
    cache.close();
    corrupted.close();
    corruptedReads.close();
  }
}
