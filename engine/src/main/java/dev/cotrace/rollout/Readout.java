package dev.cotrace.rollout;

import dev.cotrace.model.Decoder;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.Torch;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Reads log-probabilities and divergences off the final residual stream at chosen positions, with
 * their gradients there.
 *
 * <p>Every quantity belongs to one position, so the gradient of any weighted sum is the weighted
 * sum of the rows kept here: the unembedding is run once, whatever the weights turn out to be.
 * Positions go through it a few at a time, so that logits over the vocabulary never exist for a
 * whole batch.
 */
final class Readout implements AutoCloseable {
  /** Logits that exist at one time, in elements. */
  private static final long LOGITS_AT_ONCE = 16_000_000;

  /**
   * Bytes that exist at one time for reading {@code positions}: logits, their logarithmic softmax
   * and the probabilities, each once more for gradients.
   *
   * @param bytes of a number; at least those of a float32 are used
   */
  static long memory(
      int vocabulary, int bytes, long positions, boolean divergence, boolean gradients) {
    long together = Math.min(positions, Math.max(1, LOGITS_AT_ONCE / vocabulary));
    int copies = (gradients ? 5 : 3) + (divergence ? (gradients ? 11 : 7) : 0);
    return together * vocabulary * Math.max(bytes, Float.BYTES) * copies;
  }

  /**
   * Where to read: {@code slots} are places in {@code [N]}, {@code tokens} are the ids to look up
   * there.
   */
  record Positions(long[] slots, long[] tokens) {
    static final Positions NONE = new Positions(new long[0], new long[0]);
  }

  /**
   * What to read.
   *
   * @param divergence whether the clean run's distribution is compared
   * @param kl weight of KL(G‖H_z) in gradients
   * @param klReverse weight of KL(H_z‖G) in gradients
   * @param highest whether the tokens' log-probabilities are compared with the highest
   */
  record Quantities(
      boolean divergence, double kl, double klReverse, boolean highest, double temperature) {
    /** The tokens themselves. */
    static Quantities tokens(double temperature) {
      return new Quantities(false, 0, 0, true, temperature);
    }

    /** The tokens' log-probabilities and, where {@code divergence} is asked for, that. */
    static Quantities divergence(
        boolean divergence, double kl, double klReverse, double temperature) {
      return new Quantities(divergence, kl, klReverse, false, temperature);
    }
  }

  final double[] logProbability;
  final double[] kl;
  final double[] klReverse;
  private final double[] highest; // log-probability of the most probable token
  private final Placement place;
  private final Positions positions;
  private final Holder logProbabilityRows = new Holder(); // [positions, D]
  private final Holder divergenceRows =
      new Holder(); // [positions, D], of kl · KL + klReverse · KL reversed

  /**
   * Reads at {@code positions} of {@code live [N, D]}.
   *
   * @param clean the clean run's final stream {@code [N, D]}; needed for divergences
   */
  Readout(
      Decoder decoder,
      Tensor live,
      @Nullable Tensor clean,
      Positions positions,
      Quantities quantities,
      boolean gradients) {
    this.place = decoder.placement();
    this.positions = positions;
    int count = positions.slots.length;
    boolean divergence = quantities.divergence();
    logProbability = new double[count];
    highest = new double[quantities.highest ? count : 0];
    kl = new double[divergence ? count : 0];
    klReverse = new double[divergence ? count : 0];
    if (gradients) {
      logProbabilityRows.set(decoder.placement().zeros(count, live.size(1)));
      divergenceRows.set(decoder.placement().zeros(divergence ? count : 0, live.size(1)));
    }
    int chunk = Math.toIntExact(Math.max(1, LOGITS_AT_ONCE / decoder.architecture().vocabulary()));
    for (int first = 0; first < count; first += chunk) {
      try (Scope _ = new Scope()) {
        read(decoder, live, clean, quantities, gradients, first, Math.min(chunk, count - first));
      }
    }
  }

  private void read(
      Decoder decoder,
      Tensor live,
      @Nullable Tensor clean,
      Quantities quantities,
      boolean gradients,
      int first,
      int count) {
    int end = first + count;
    Tensor slots = place.indices(Arrays.copyOfRange(positions.slots, first, end), count);
    Tensor tokens = place.indices(Arrays.copyOfRange(positions.tokens, first, end), count, 1);
    Tensor read = live.index_select(0, slots).detach().requires_grad_(gradients);
    Tensor log = logDistribution(decoder, read, quantities.temperature);
    Tensor chosen = log.gather(1, tokens);
    copy(chosen, logProbability, first);
    if (quantities.highest) {
      copy(log.amax(new long[] {-1}, false), highest, first);
    }
    boolean divergence = quantities.divergence();
    if (gradients) {
      Tensor rows = Torch.pullBack(chosen, torch.ones_like(chosen), divergence, read)[0];
      logProbabilityRows.get().narrow(0, first, count).copy_(rows);
    }
    if (clean != null && divergence) {
      Tensor cleanLog =
          logDistribution(decoder, clean.index_select(0, slots), quantities.temperature);
      Tensor forward = divergence(cleanLog, log);
      Tensor reverse = divergence(log, cleanLog);
      copy(forward, kl, first);
      copy(reverse, klReverse, first);
      if (gradients) {
        Tensor both =
            forward
                .mul(new Scalar(quantities.kl))
                .add(reverse.mul(new Scalar(quantities.klReverse)));
        Tensor rows = Torch.pullBack(both, torch.ones_like(both), false, read)[0];
        divergenceRows.get().narrow(0, first, count).copy_(rows);
      }
    }
  }

  /** log softmax(logits / temperature), at least in float32, {@code [positions, V]}. */
  private static Tensor logDistribution(Decoder decoder, Tensor read, double temperature) {
    Tensor logits = decoder.logits(read);
    if (decoder.placement().precision() == Precision.BFLOAT16) {
      logits = logits.to(Precision.FLOAT32.type());
    }
    return (temperature == 1 ? logits : logits.div(new Scalar(temperature))).log_softmax(-1);
  }

  /** Σ_x p(x) · (log p(x) − log q(x)) over the vocabulary. */
  private static Tensor divergence(Tensor logP, Tensor logQ) {
    return logP.exp().mul(logP.sub(logQ)).sum(-1);
  }

  private static void copy(Tensor from, double[] to, int first) {
    double[] values = Placement.toDoubles(from);
    System.arraycopy(values, 0, to, first, values.length);
  }

  /** Whether all tokens from index {@code from} to before {@code to} are the most probable ones. */
  boolean mostProbable(int from, int to) {
    return Arrays.equals(logProbability, from, to, highest, from, to);
  }

  /** Adds Σ weights[i] · ∂logProbability[i] to {@code cotangent [N, D]}. */
  void addLogProbability(Tensor cotangent, double[] weights) {
    add(cotangent, logProbabilityRows.get(), weights);
  }

  /** Adds Σ weights[i] · ∂(weighted divergences)[i] to {@code cotangent [N, D]}. */
  void addDivergence(Tensor cotangent, double[] weights) {
    add(cotangent, divergenceRows.get(), weights);
  }

  private void add(Tensor cotangent, Tensor rows, double[] weights) {
    try (Scope _ = new Scope()) {
      Tensor weight = place.tensor(weights, weights.length, 1);
      cotangent.index_add_(0, place.indices(positions.slots, weights.length), rows.mul(weight));
    }
  }

  @Override
  public void close() {
    logProbabilityRows.close();
    divergenceRows.close();
  }
}
