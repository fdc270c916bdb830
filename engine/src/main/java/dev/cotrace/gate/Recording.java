package dev.cotrace.gate;

import dev.cotrace.model.KvCache;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Sequences that ran at uniform gates and are on a tape. Their positions one after another, row by
 * row, are the <em>places</em> of the recording.
 *
 * @param slots for each row, the slot of each of its positions
 * @param alpha gate of each row
 */
public record Recording(Tape tape, List<int[]> slots, double[] alpha) {
  /** Refuses gates of another number of rows. */
  public Recording {
    slots = List.copyOf(slots);
    if (slots.size() != alpha.length) {
      throw new IllegalArgumentException(
          "a recording of %d rows needs as many gates, got %d"
              .formatted(slots.size(), alpha.length));
    }
  }

  /** Runs whole sequences in one pass, each from position 0, and writes them on {@code tape}. */
  public static Recording of(
      GatedModel model, Gates.Uniform gates, SequencePairs sequences, Tape tape) {
    Blocks blocks = sequences.blocks();
    int time = sequences.longest();
    long[] padding = new long[blocks.total()];
    try (Scope _ = new Scope();
        CorruptedSide corrupted = new CorruptedSide(model, sequences.corruption(), time);
        KvCache cache = model.cache(gates, time, padding)) {
      CorruptedValues values = corrupted.whole(sequences, blocks, padding);
      Tape.Segment segment = tape.next(blocks.rows() * time, values);
      try (RecordingStream stream = new RecordingStream(model, blocks, values, gates, segment)) {
        Tensor ids = sequences.ids(model.placement(), blocks, padding);
        model.decoder().forward(ids, cache, stream);
        stream.readLogits();
      }
      List<int[]> slots = new ArrayList<>();
      for (int row = 0; row < blocks.rows(); row++) {
        int[] own = new int[sequences.rows().get(row).clean().length];
        for (int t = 0; t < own.length; t++) {
          own[t] = segment.first() + row * time + t;
        }
        slots.add(own);
      }
      return new Recording(tape, slots, gates.alpha());
    }
  }

  /** Number of places. */
  public int places() {
    return slots.stream().mapToInt(row -> row.length).sum();
  }

  /** First place of each row. */
  public int[] firstPlaces() {
    int[] first = new int[slots.size()];
    for (int row = 1; row < first.length; row++) {
      first[row] = first[row - 1] + slots.get(row - 1).length;
    }
    return first;
  }

  /** What the logits read at every place, {@code [N, D]}, in the caller's scope. */
  public Tensor finalReads(GatedModel model) {
    long[] all = slots.stream().flatMapToInt(Arrays::stream).asLongStream().toArray();
    return tape.finalReads(model.placement().indices(all, all.length));
  }
}
