package dev.cotrace.rollout;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.util.Arrays;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * How tokens are drawn from logits. Both ways follow the same distribution and are functions of
 * each row's own random stream alone, so that batches do not matter.
 */
public enum Draw {
  /** Inverts the distribution function at one uniform number: the cheaper way. */
  INVERSE_CDF {
    @Override
    int[] tokens(Logits logits, Randomness randomness, Stream[] streams) {
      double[] uniform = new double[streams.length];
      Arrays.setAll(
          uniform,
          row ->
              randomness.uniform(streams[row].job(), streams[row].rollout(), streams[row].step()));
      return inverted(logits, uniform);
    }
  },

  /**
   * The token with the largest {@code log p + g}, g standard Gumbel noise of its own for every
   * token: two models that draw with the same noise part only where their distributions differ
   * enough to change which is largest (Oberst and Sontag 2019, arXiv 1905.05824).
   */
  GUMBEL_MAX {
    @Override
    int[] tokens(Logits logits, Randomness randomness, Stream[] streams) {
      int vocabulary = logits.vocabulary();
      return readBack(
          logits.made((first, scaled) -> {
            int count = Math.toIntExact(scaled.size(0));
            double[] noise = new double[count * vocabulary];
            for (int i = 0; i < count; i++) {
              Stream stream = streams[first + i];
              randomness.gumbel(
                  stream.job(), stream.rollout(), stream.step(), noise, i * vocabulary, vocabulary);
            }
            Tensor noisy = scaled.add(logits.exact().tensor(noise, count, vocabulary));
            return paired(
                noisy.amax(new long[] {-1}, true), noisy.argmax(new LongOptional(-1), true));
          }),
          vocabulary);
    }
  };

  /** Names the random numbers of one token of one row. */
  record Stream(long job, long rollout, int step) {
    /** For a row whose token does not matter. */
    static final Stream UNUSED = new Stream(0, 0, 0);
  }

  /**
   * A token for each row.
   *
   * @param streams of each row
   */
  abstract int[] tokens(Logits logits, Randomness randomness, Stream[] streams);

  /** The token of each row at which its distribution function reaches {@code uniform}. */
  static int[] inverted(Logits logits, double[] uniform) {
    Tensor all = logits.exact().tensor(uniform, uniform.length, 1);
    int last = logits.vocabulary() - 1;
    return readBack(
        logits.made((first, scaled) -> {
          Tensor below = scaled.softmax(-1).cumsum(-1);
          Tensor total = below.narrow(1, last, 1);
          Tensor reached = all.narrow(0, first, scaled.size(0)).mul(total);
          return paired(total, countUpTo(below, reached));
        }),
        last + 1);
  }

  /**
   * How many numbers of each row of {@code rising [rows, n]} are at most {@code bound [rows, 1]}.
   */
  private static Tensor countUpTo(Tensor rising, Tensor bound) {
    return torch.searchsorted(
        rising,
        bound,
        /* outInt32= */ false,
        /* right= */ true,
        new StringViewOptional(),
        new TensorOptional());
  }

  static Tensor paired(Tensor check, Tensor token) {
    return torch.cat(new TensorVector(check, token.to(Precision.FLOAT64.type())), 1);
  }

  /**
   * Reads tokens back.
   *
   * @param drawn a number that must be finite, and the token, {@code [rows, 2]}
   */
  static int[] readBack(Tensor drawn, int vocabulary) {
    double[] values = Placement.toDoubles(drawn);
    requireFinite(values);
    int[] tokens = new int[values.length / 2];
    for (int row = 0; row < tokens.length; row++) {
      tokens[row] = Math.min((int) values[2 * row + 1], vocabulary - 1);
    }
    return tokens;
  }

  static void requireFinite(double[] values) {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw new IllegalArgumentException(
            "the model's logits are no finite numbers, so nothing can be sampled from them: try --dtype float32");
      }
    }
  }
}
