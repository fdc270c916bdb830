package dev.cotrace.dictionary;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The map from inputs to features: {@code p = g · (W (x − s) + b)}, then the activation.
 *
 * @param placement where all of it lives
 * @param matrix W, {@code [dIn, F]}
 * @param bias b, {@code [F]}; of a gated dictionary that of the gate
 * @param shift s, {@code [dIn]}, if any
 * @param gain g, {@code [F]}, if any
 */
record EncoderWeights(
    Placement placement,
    Tensor matrix,
    Tensor bias,
    @Nullable Tensor shift,
    @Nullable Tensor gain,
    Activation activation) {
  /** Features looked at together where the largest of all are sought. */
  private static final long TOGETHER = 1 << 12;

  /** {@code [dIn, F]}. */
  long[] shape() {
    return new long[] {matrix.size(0), matrix.size(1)};
  }

  /**
   * Features {@code from} to {@code to}, exclusive, in the caller's scope.
   *
   * @param x normalised inputs, {@code [N, dIn]}
   * @return {@code [N, to − from]}
   */
  Tensor features(Tensor x, long from, long to) {
    try (Scope scope = new Scope()) {
      Tensor read = shift == null ? x : x.sub(shift);
      return scope.keep(
          switch (activation) {
            case Activation.Relu _ -> preActivations(read, from, to).relu();
            case Activation.JumpRelu jump -> {
              Tensor p = preActivations(read, from, to);
              Tensor above = p.gt(part(jump.threshold(), from, to));
              yield (jump.rectified() ? p.relu() : p).mul(above);
            }
            case Activation.Gated gated -> {
              Tensor product = product(read, from, to);
              Tensor open = product.add(part(bias, from, to)).gt(new Scalar(0.0));
              Tensor magnitude =
                  product.mul(part(gated.gain(), from, to)).add(part(gated.bias(), from, to));
              yield magnitude.relu().mul(open);
            }
            case Activation.TopK top -> placed(largest(read, top), from, to);
          });
    }
  }

  /** {@code g W} of some features, {@code [n, dIn]}; of gated ones, that of their size. */
  Tensor slopes(Tensor some) {
    Tensor rows = matrix.index_select(1, some).t(); // [n, dIn]
    @Nullable Tensor factor = activation instanceof Activation.Gated gated ? gated.gain() : gain;
    return factor == null ? rows : rows.mul(factor.index_select(0, some).unsqueeze(1));
  }

  private Tensor preActivations(Tensor read, long from, long to) {
    Tensor p = product(read, from, to).add(part(bias, from, to));
    return gain == null ? p : p.mul(part(gain, from, to));
  }

  private Tensor product(Tensor read, long from, long to) {
    return read.matmul(matrix.narrow(1, from, to - from));
  }

  private static Tensor part(Tensor features, long from, long to) {
    return features.narrow(0, from, to - from);
  }

  /** Values and numbers of the features that a position has, both {@code [N, k]}. */
  private record Largest(Tensor values, Tensor features) {}

  /** The k largest of all features, found piece by piece; in the caller's scope. */
  private Largest largest(Tensor read, Activation.TopK top) {
    long all = matrix.size(1);
    long rows = read.size(0);
    @Nullable Largest best = null;
    for (long from = 0; from < all; from += TOGETHER) {
      long to = Math.min(all, from + TOGETHER);
      try (Scope scope = new Scope()) {
        Tensor p = preActivations(read, from, to);
        Tensor numbers =
            placement
                .indices(LongStream.range(from, to).toArray(), 1, to - from)
                .expand(rows, to - from);
        if (best != null) {
          p = torch.cat(new TensorVector(best.values, p), 1);
          numbers = torch.cat(new TensorVector(best.features, numbers), 1);
        }
        // The parts of a pair belong to the pair, which the scope frees: they are not kept.
        Tensor places = p.topk(Math.min(top.k(), p.size(1)), -1, true, false).get1();
        best = new Largest(scope.keep(p.gather(1, places)), scope.keep(numbers.gather(1, places)));
      }
    }
    if (best == null) {
      throw new IllegalStateException("a dictionary without features was read");
    }
    return top.rectified() ? new Largest(best.values.relu(), best.features) : best;
  }

  /** The found features at their places; those outside the range fall into a column of no use. */
  private static Tensor placed(Largest found, long from, long to) {
    long width = to - from;
    Tensor place = found.features.sub(new Scalar(from));
    Tensor outside = place.lt(new Scalar(0L)).logical_or(place.ge(new Scalar(width)));
    Tensor column = place.masked_fill(outside, new Scalar(width));
    Tensor empty =
        torch.zeros(new long[] {found.values.size(0), width + 1}, found.values.options());
    return empty.scatter(1, column, found.values).narrow(1, 0, width);
  }
}
