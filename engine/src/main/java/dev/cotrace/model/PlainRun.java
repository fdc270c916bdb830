package dev.cotrace.model;

import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.ArrayList;
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

  /** What a run of several sequences at once is carried by, and what is read off it. */
  public interface Batch {
    /**
     * A new stream, which is closed after {@link #read}.
     *
     * @param places which of the places {@code [rows · time]} hold tokens, in the order of the
     *     sequences: {@code [N]}
     */
    ResidualStream stream(Tensor places);

    /**
     * Reads {@code stream} after the run; in the scope of the batch.
     *
     * @param first number of the first sequence of the batch
     * @param end number of the first sequence after it
     */
    void read(int first, int end, ResidualStream stream, Tensor places);
  }

  /**
   * What the logits read after each token of {@code sequences}, {@code [N, D]}: the positions of
   * all sequences one after another; in the caller's scope.
   */
  public Tensor finalReads(List<int[]> sequences) {
    List<Holder> parts = new ArrayList<>();
    try (Scope scope = new Scope()) {
      run(
          sequences,
          new Batch() {
            @Override
            public ResidualStream stream(Tensor places) {
              return new PlainStream();
            }

            @Override
            public void read(int first, int end, ResidualStream stream, Tensor places) {
              parts.add(new Holder(filled(stream.readLogits(), places)));
            }
          });
      TensorVector reads = new TensorVector();
      parts.forEach(part -> reads.push_back(part.get()));
      return scope.keep(torch.cat(reads, 0));
    } finally {
      parts.forEach(Holder::close);
    }
  }

  /**
   * The places that hold tokens, {@code [N, width]}, of {@code x [rows, time, width]}; in the
   * caller's scope.
   */
  public static Tensor filled(Tensor x, Tensor places) {
    return x.reshape(-1, x.size(2)).index_select(0, places);
  }

  /**
   * Runs {@code sequences} from position 0, some at a time, with about {@link #POSITIONS_AT_ONCE}
   * positions together.
   *
   * @param sequences at least one token each; what the model is known to take, or {@link #check}ed
   */
  public void run(List<int[]> sequences, Batch batch) {
    int first = 0;
    while (first < sequences.size()) {
      Torch.checkInterrupted();
      int end = first + 1;
      int longest = sequences.get(first).length;
      while (end < sequences.size()) {
        longest = Math.max(longest, sequences.get(end).length);
        if (longest * (end + 1 - first) > POSITIONS_AT_ONCE) {
          break;
        }
        end++;
      }
      together(sequences, first, end, batch);
      first = end;
    }
  }

  private void together(List<int[]> all, int first, int end, Batch batch) {
    List<int[]> sequences = all.subList(first, end);
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
    try (Scope _ = new Scope();
        KvCache cache =
            new KvCache(placement, architecture, architecture.keyValueHeads(), longest, padding)) {
      Tensor at = placement.indices(filled, filled.length);
      try (ResidualStream stream = batch.stream(at)) {
        decoder.forward(placement.indices(ids, sequences.size(), longest), cache, stream);
        batch.read(first, end, stream, at);
      }
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

  /**
   * Refuses what the model cannot take.
   *
   * @throws IllegalArgumentException as {@link #logits}
   */
  public void check(int[] ids) {
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
