package dev.cotrace.gate;

import dev.cotrace.model.KvCache;
import dev.cotrace.torch.Scope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Sequences that ran with one gate a row and are on a tape. Their positions one after another, row
 * by row, are the <em>places</em> of the recording.
 *
 * @param tape what every block read, and what its sources wrote unless {@code clean} holds that
 * @param slots for each row, the slot of each of its positions
 * @param gates of the rows; none for every edge
 * @param clean the same sequences in another run, from which o − o' of every source is to be taken;
 *     null to take them from this one
 */
public record Recording(Tape tape, List<int[]> slots, Gates gates, @Nullable Recording clean) {
  /** Refuses gates of another number of rows, and another run of other sequences. */
  public Recording {
    slots = List.copyOf(slots);
    int gated = alpha(gates).length;
    if (slots.size() != gated) {
      throw new IllegalArgumentException(
          "a recording of %d rows needs as many gates, got %d".formatted(slots.size(), gated));
    }
    if (clean != null && !Arrays.equals(lengths(slots), lengths(clean.slots))) {
      throw new IllegalArgumentException(
          "a recording of rows of %s positions cannot take differences from one of %s"
              .formatted(Arrays.toString(lengths(slots)), Arrays.toString(lengths(clean.slots))));
    }
  }

  /** A recording of its own differences. */
  public Recording(Tape tape, List<int[]> slots, Gates gates) {
    this(tape, slots, gates, null);
  }

  /** The same reads, with the differences of {@code other}. */
  public Recording withDifferencesOf(Recording other) {
    return new Recording(tape, slots, gates, other);
  }

  /** The recording that o − o' of every source comes from. */
  Recording sources() {
    return clean == null ? this : clean;
  }

  /** The share of an earlier source's output in what the targets of {@code row} read. */
  double gate(int row) {
    return gates instanceof Gates.Uniform(double[] alpha) ? alpha[row] : 1;
  }

  /** The writer whose output is a constant in {@code row}; −1 for none. */
  int held(int row) {
    return gates instanceof Gates.Held(int[] writer, double[] _) ? writer[row] : -1;
  }

  private static double[] alpha(Gates gates) {
    return switch (gates) {
      case Gates.Uniform(double[] alpha) -> alpha;
      case Gates.Held(int[] _, double[] alpha) -> alpha;
      case Gates.PerEdge _, Gates.PerPiece _ ->
          throw new IllegalArgumentException("runs with a gate for every unit cannot be recorded");
    };
  }

  private static int[] lengths(List<int[]> slots) {
    return slots.stream().mapToInt(row -> row.length).toArray();
  }

  /** Runs whole sequences in one pass, each from position 0, and writes them on {@code tape}. */
  public static Recording of(GatedModel model, Gates gates, SequencePairs sequences, Tape tape) {
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
      return new Recording(tape, slots(gates, sequences, segment.first()), gates);
    }
  }

  /** What a slot of a pass over whole sequences depends on beside the slot before it. */
  private record Fed(int before, int clean, int corrupted, long noise, double alpha, int held) {}

  /**
   * The slots of each row of a pass. Where rows begin alike they did so with the same values, and
   * all have the slots of the first of them.
   */
  private static List<int[]> slots(Gates gates, SequencePairs sequences, int first) {
    double[] alpha = alpha(gates);
    Map<Fed, Integer> known = new HashMap<>();
    List<int[]> slots = new ArrayList<>();
    for (int row = 0; row < sequences.rows().size(); row++) {
      SequencePairs.Row own = sequences.rows().get(row);
      int[] each = new int[own.clean().length];
      for (int t = 0; t < each.length; t++) {
        int slot = first + row * sequences.longest() + t;
        if (own.alignment().length == 0) {
          int corrupted = own.corrupted().length == 0 ? -1 : own.corrupted()[t];
          int before = t == 0 ? -1 : each[t - 1];
          int writer = gates instanceof Gates.Held held ? held.writer()[row] : -1;
          Fed fed = new Fed(before, own.clean()[t], corrupted, own.noise(), alpha[row], writer);
          slot = Objects.requireNonNullElse(known.putIfAbsent(fed, slot), slot);
        }
        each[t] = slot;
      }
      slots.add(each);
    }
    return slots;
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
  public Tensor finalReads() {
    return tape.finalReads(slots);
  }
}
