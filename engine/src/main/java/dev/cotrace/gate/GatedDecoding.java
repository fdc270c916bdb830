package dev.cotrace.gate;

import dev.cotrace.model.KvCache;
import dev.cotrace.model.ResidualStream;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Decoding from a gated model with a KV cache, one token at a time for all rows. Rows may be given
 * up, copied, and followed by those of new prompts at any time.
 */
public final class GatedDecoding implements AutoCloseable {
  private final GatedModel model;
  private final Corruption corruption;
  private final int newTokens;
  private final @Nullable RunRecord record;
  private final CorruptedSide corrupted;
  private final Holder corruptedReads = new Holder(); // [rows, D], when partners are resampled
  private @Nullable Rows rows;
  private int firstSlot; // on the record, of what was last fed

  /**
   * The rows under way.
   *
   * @param noise names the noise of each row
   */
  private record Rows(Blocks blocks, Gates gates, long[] noise, KvCache cache) {}

  /** Some rows, in this order. */
  private record Choice(Rows from, int[] rows) {
    Gates gates() {
      return from.gates.of(rows);
    }

    long[] noise() {
      return Arrays.stream(rows).mapToLong(row -> from.noise[row]).toArray();
    }

    KvCache.Rows block(int block) {
      int first = block * from.blocks.rows();
      return new KvCache.Rows(from.cache, Arrays.stream(rows).map(row -> first + row).toArray());
    }
  }

  /**
   * Prepares to decode at most {@code newTokens} tokens after any prompt.
   *
   * @param record of all that is fed, where there is to be one; no {@link Tape} for {@link
   *     Gates.PerEdge}
   */
  public GatedDecoding(
      GatedModel model, Corruption corruption, int newTokens, @Nullable RunRecord record) {
    this.model = model;
    this.corruption = corruption;
    this.newTokens = newTokens;
    this.record = record;
    corrupted = new CorruptedSide(model, corruption, model.maxPositions());
  }

  /**
   * Reads prompts, which become the rows after those that {@code stay}; the prompts' live logits
   * after their last token, {@code [prompts, V]}, in the caller's scope.
   *
   * @param gates one α for each prompt; gates per edge are the same in every call
   * @param stay the rows that go on, in their new order
   */
  public Tensor admit(Gates gates, SequencePairs prompts, int[] stay) {
    Blocks blocks = prompts.blocks();
    long[] padding = prompts.leftPadding(blocks);
    KvCache cache = model.cache(gates, prompts.longest() + newTokens, padding);
    long[] noise = prompts.rows().stream().mapToLong(SequencePairs.Row::noise).toArray();
    Rows fresh = new Rows(blocks, gates, noise, cache);
    try (Scope scope = new Scope()) {
      Tensor ids = prompts.ids(model.placement(), blocks, padding);
      Tensor logits = scope.keep(forward(fresh, ids, corrupted.whole(prompts, blocks, padding)));
      if (rows == null || stay.length == 0) {
        replace(fresh);
      } else {
        int[] all = IntStream.range(0, blocks.rows()).toArray();
        replace(joined(List.of(new Choice(rows, stay), new Choice(fresh, all))));
        cache.close();
      }
      return logits;
    }
  }

  /**
   * From now on row i goes on from where row {@code chosen[i]} was; rows may be repeated, so that
   * the rollouts of a prompt share its prefill, or left out.
   */
  public void select(int[] chosen) {
    replace(joined(List.of(new Choice(underWay(), chosen))));
  }

  private Rows joined(List<Choice> choices) {
    Blocks like = choices.getFirst().from.blocks;
    int count = choices.stream().mapToInt(choice -> choice.rows.length).sum();
    List<KvCache.Rows> parts = new ArrayList<>();
    for (int block = 0; block < like.count(); block++) {
      for (Choice choice : choices) {
        parts.add(choice.block(block));
      }
    }
    return new Rows(
        new Blocks(count, like.corrupted()),
        choices.stream().map(Choice::gates).reduce(Gates::followedBy).orElseThrow(),
        choices.stream().flatMapToLong(choice -> Arrays.stream(choice.noise())).toArray(),
        KvCache.joined(parts, newTokens));
  }

  private void replace(Rows next) {
    if (rows != null) {
      rows.cache.close();
    }
    rows = next;
  }

  private Rows underWay() {
    if (rows == null) {
      throw new IllegalStateException("no prompt was read: nothing can be decoded");
    }
    return rows;
  }

  /**
   * The slots on the record of each of the prompts that were last read.
   *
   * @param prompts those
   */
  public List<int[]> slots(SequencePairs prompts) {
    List<int[]> slots = new ArrayList<>();
    int end = firstSlot;
    for (SequencePairs.Row row : prompts.rows()) {
      end += prompts.longest();
      slots.add(IntStream.range(end - row.clean().length, end).toArray());
    }
    return slots;
  }

  /** The slot on the record of what {@link #step} last fed to {@code row}. */
  public int slot(int row) {
    return firstSlot + row;
  }

  /**
   * Feeds one token to each row; the live rows' next logits, {@code [rows, V]}, in the caller's
   * scope.
   *
   * @param tokens of each row
   * @param partners what the corrupted run is fed in place of {@code tokens}; without a corrupted
   *     run they are not looked at
   */
  public Tensor step(int[] tokens, int[] partners) {
    Rows own = underWay();
    try (Scope scope = new Scope()) {
      int count = own.blocks.rows();
      long[] all = new long[own.blocks.total()];
      Arrays.setAll(all, at -> at < count ? tokens[at] : partners[at - count]);
      Tensor ids = model.placement().indices(all, all.length, 1);
      CorruptedValues values =
          corrupted.next(own.blocks, own.cache.padding(), own.noise, own.cache.length());
      return scope.keep(forward(own, ids, values));
    }
  }

  /**
   * The corrupted rows' logits after what was last fed, in the caller's scope: {@code [rows, V]},
   * of the rows as they were then, or of the prompts last read. Only for {@link
   * Corruption.Resample}.
   */
  public Tensor corruptedLogits() {
    return model.decoder().logits(corruptedReads.get());
  }

  private Tensor forward(Rows own, Tensor ids, CorruptedValues values) {
    try (ResidualStream stream = stream(own, values, Math.toIntExact(ids.size(1)))) {
      model.decoder().forward(ids, own.cache, stream);
      Tensor reads = stream.readLogits();
      if (record instanceof FinalReads finalReads) {
        firstSlot = finalReads.add(own.blocks.live(reads, 0));
      }
      Tensor last = reads.select(1, ids.size(1) - 1);
      if (corruption instanceof Corruption.Resample) {
        corruptedReads.set(own.blocks.corrupted(last, 0));
      }
      return model.decoder().logits(own.blocks.live(last, 0));
    }
  }

  private ResidualStream stream(Rows own, CorruptedValues values, int time) {
    if (record instanceof Tape tape) {
      Tape.Segment segment = tape.next(own.blocks.rows() * time, values);
      firstSlot = segment.first();
      return new RecordingStream(model, own.blocks, values, own.gates, segment);
    }
    return model.stream(own.gates, own.blocks, values);
  }

  @Override
  public void close() {
    if (rows != null) {
      rows.cache.close();
    }
    corrupted.close();
    corruptedReads.close();
  }
}
