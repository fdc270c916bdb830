package dev.cotrace.feature;

import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.DictionaryDescription;
import dev.cotrace.dictionary.Site;
import dev.cotrace.model.Decoder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * How much of the activations of some texts a dictionary keeps. All numbers are exact for those
 * texts.
 *
 * @param positions N
 * @param explainedVariance {@code 1 − Σ ‖ŷ − y‖² / Σ ‖y − mean‖²}, where ŷ is what the dictionary
 *     makes of the inputs
 * @param active L0, how many features are active at a position in the mean
 * @param features F
 * @param dead how many of them are active at none of the positions
 * @param mean of the outputs y, {@code [dOut]}
 */
public record Fidelity(
    long positions,
    double explainedVariance,
    double active,
    long features,
    long dead,
    double[] mean) {
  /** Sequences whose activations are collected together. */
  private static final int TOGETHER = 256;

  /**
   * Measures {@code dictionary} on {@code sequences}.
   *
   * @param sequences token ids from position 0, at least one
   */
  public static Fidelity of(Dictionary dictionary, Decoder decoder, List<int[]> sequences) {
    DictionaryDescription description = dictionary.description();
    description.requireFor(Activations.shape(decoder.architecture()));
    List<Site> sites =
        List.copyOf(new LinkedHashSet<>(List.of(description.input(), description.output())));
    Sums sums = new Sums(description);
    for (int first = 0; first < sequences.size(); first += TOGETHER) {
      int end = Math.min(sequences.size(), first + TOGETHER);
      try (Scope _ = new Scope()) {
        List<Tensor> both = new Activations(decoder).at(sites, sequences.subList(first, end));
        sums.add(dictionary, both.getFirst(), both.getLast());
      }
    }
    return sums.fidelity();
  }

  /** Adds positions up, in double precision. */
  private static final class Sums {
    /** Numbers of features that are made together. */
    private static final long PIECE = 1 << 23;

    private final double[] output;
    private final boolean[] seen;
    private double squares;
    private double errors;
    private double active;
    private long positions;

    Sums(DictionaryDescription description) {
      output = new double[Math.toIntExact(description.dOut())];
      seen = new boolean[Math.toIntExact(description.features())];
    }

    void add(Dictionary dictionary, Tensor x, Tensor y) {
      long step = Math.max(1, PIECE / seen.length);
      for (long first = 0; first < x.size(0); first += step) {
        long count = Math.min(step, x.size(0) - first);
        try (Scope _ = new Scope()) {
          addPiece(dictionary, x.narrow(0, first, count), y.narrow(0, first, count));
        }
      }
    }

    private void addPiece(Dictionary dictionary, Tensor x, Tensor y) {
      Tensor read = x.to(dictionary.directions().scalar_type());
      Tensor features = dictionary.encode(read);
      Tensor wanted = y.to(Precision.FLOAT64.type());
      Tensor error = dictionary.decode(features, read).to(Precision.FLOAT64.type()).sub(wanted);
      Tensor open = features.ne(new Scalar(0.0));
      double[] sum = Placement.toDoubles(wanted.sum(new long[] {0}, false, null));
      double[] times = Placement.toDoubles(open.sum(new long[] {0}, false, null));
      for (int i = 0; i < sum.length; i++) {
        output[i] += sum[i];
      }
      for (int f = 0; f < seen.length; f++) {
        active += times[f];
        seen[f] |= times[f] > 0;
      }
      squares += Placement.toDoubles(wanted.square().sum())[0];
      errors += Placement.toDoubles(error.square().sum())[0];
      positions += x.size(0);
    }

    Fidelity fidelity() {
      double[] mean = Arrays.stream(output).map(sum -> sum / positions).toArray();
      double ofMean = Arrays.stream(mean).map(m -> m * m).sum();
      long dead = 0;
      for (boolean each : seen) {
        dead += each ? 0 : 1;
      }
      return new Fidelity(
          positions,
          1 - errors / (squares - positions * ofMean),
          active / positions,
          seen.length,
          dead,
          mean);
    }
  }
}
