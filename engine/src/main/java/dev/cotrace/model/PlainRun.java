package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** The model as it is, on one sequence: nothing gated, nothing corrupted. */
public final class PlainRun {
  /** Numbers worked on at a time: what a vocabulary of 256,000 needs at 64 positions. */
  private static final int PIECE = 1 << 24;

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
