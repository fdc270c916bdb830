package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The model as it is: nothing gated, nothing corrupted. */
public final class PlainRun {
  /** Numbers worked on at a time: what a vocabulary of 256,000 needs at 64 positions. */
  private static final int PIECE = 1 << 24;

  /** Positions that several sequences are run with at a time. */
  public static final int POSITIONS_AT_ONCE = 2048;

  private final Decoder decoder;

  /** Runs of {@code decoder}. */
  public PlainRun(Decoder decoder) {
    this.decoder = decoder;
  }

  /** Takes what is predicted at one position. */
  @FunctionalInterface
  public interface Row {
    /**
     * Takes a row.
     *
     * @param position which token was fed last, from 0
     * @param values of every token id, {@code [V]}
     */
    void accept(int position, double[] values);
  }

  /**
   * The logits after each token of {@code ids}, in order.
   *
   * @param ids token ids {@code [T]} from position 0
   * @throws IllegalArgumentException when there are none, too many, or ids outside the vocabulary
   */
  public void logits(int[] ids, Row row) {
    run(ids, reads -> reads, row);
  }

  /**
   * The log-probabilities of the next token after each token of {@code ids}, in nats and in order;
   * normalised in double precision. Otherwise as {@link #logits}.
   */
  public void logProbabilities(int[] ids, Row row) {
    run(ids, logits -> torch.log_softmax(logits.to(Precision.FLOAT64.type()), -1), row);
  }

  /**
   * What the logits read after each token of {@code sequences}, {@code [N, D]}: the positions of
   * all sequences one after another; in the caller's scope.
   */
  public Tensor finalReads(List<int[]> sequences) {
    try (Scope scope = new Scope()) {
      TensorVector reads = new TensorVector();
      int first = 0;
      while (first < sequences.size()) {
        int end = first + 1;
        int longest = sequences.get(first).length;
        while (end < sequences.size()) {
          longest = Math.max(longest, sequences.get(end).length);
          if (longest * (end + 1 - first) > POSITIONS_AT_ONCE) {
            break;
          }
          end++;
        }
        reads.push_back(together(sequences.subList(first, end)));
        first = end;
      }
      return scope.keep(torch.cat(reads, 0));
    }
  }

  private Tensor together(List<int[]> sequences) {
    int longest = sequences.stream().mapToInt(ids -> ids.length).max().orElseThrow();
    long[] ids = new long[sequences.size() * longest];
    LongStream.Builder places = LongStream.builder();
    for (int row = 0; row < sequences.size(); row++) {
      int[] sequence = sequences.get(row);
      for (int t = 0; t < sequence.length; t++) {
        ids[row * longest + t] = sequence[t];
        places.add((long) row * longest + t);
      }
    }
    long[] filled = places.build().toArray();
    Placement placement = decoder.placement();
    Architecture architecture = decoder.architecture();
    long[] padding = new long[sequences.size()];
    try (Scope scope = new Scope();
        KvCache cache =
            new KvCache(placement, architecture, architecture.keyValueHeads(), longest, padding);
        ResidualStream stream = new PlainStream()) {
      decoder.forward(placement.indices(ids, sequences.size(), longest), cache, stream);
      Tensor reads = stream.readLogits();
      return scope.keep(
          reads
              .reshape(-1, reads.size(2))
              .index_select(0, placement.indices(filled, filled.length)));
    }
  }

  @FunctionalInterface
  private interface Change {
    Tensor of(Tensor logits);
  }

  private void run(int[] ids, Change change, Row row) {
    check(ids);
    Architecture architecture = decoder.architecture();
    try (Scope _ = new Scope();
        KvCache cache =
            new KvCache(
                decoder.placement(),
                architecture,
                architecture.keyValueHeads(),
                ids.length,
                new long[1]);
        ResidualStream stream = new PlainStream()) {
      long[] wide = Arrays.stream(ids).asLongStream().toArray();
      decoder.forward(decoder.placement().indices(wide, 1, ids.length), cache, stream);
      Tensor reads = stream.readLogits();
      int step = Math.max(1, PIECE / architecture.vocabulary());
      for (int first = 0; first < ids.length; first += step) {
        Torch.checkInterrupted();
        int count = Math.min(step, ids.length - first);
        rows(change, reads.narrow(1, first, count), first, row);
      }
    }
  }

  private void rows(Change change, Tensor reads, int first, Row row) {
    try (Scope _ = new Scope()) {
      double[] values = Placement.toDoubles(change.of(decoder.logits(reads)));
      int vocabulary = decoder.architecture().vocabulary();
      for (int i = 0; i < reads.size(1); i++) {
        row.accept(first + i, Arrays.copyOfRange(values, i * vocabulary, (i + 1) * vocabulary));
      }
    }
  }

  private void check(int[] ids) {
    Architecture architecture = decoder.architecture();
    if (ids.length == 0 || ids.length > architecture.maxPositions()) {
      throw new IllegalArgumentException(
          "expected 1 to %d tokens, as many as the model has positions, got %d"
              .formatted(architecture.maxPositions(), ids.length));
    }
    for (int id : ids) {
      if (id < 0 || id >= architecture.vocabulary()) {
        throw new IllegalArgumentException(
            "expected token ids from 0 to %d, got %d".formatted(architecture.vocabulary() - 1, id));
      }
    }
  }
}
