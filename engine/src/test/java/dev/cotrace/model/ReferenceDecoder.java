package dev.cotrace.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;

/**
 * The forward pass written for reading: one sequence, one head, one position at a time, in {@code
 * double[]}. It shares no code with the decoder it referees.
 *
 * <p>T is the number of positions, D the width of the residual stream, dHead of a head, V the
 * vocabulary. Every component reads the stream through {@link Stream}, apart for each of METHOD
 * §1's targets, so that a test can gate any edge by summing {@link Write}s itself. {@link
 * ReferenceModels} makes decoders of Hugging Face weights.
 */
// Arrays in records: nothing here is ever compared or changed after it is made.
@SuppressWarnings("ArrayRecordComponent")
final class ReferenceDecoder {
  /**
   * What {@code source} added to the residual stream, {@code [T][D]}; sources are {@code input},
   * {@code a0.h1}, …
   */
  record Write(String source, double[][] output) {}

  /**
   * What {@code target} ({@code a0.h1<q>}, {@code m0}, {@code logits}) reads, {@code [T][D]},
   * before its norm.
   */
  @FunctionalInterface
  interface Stream {
    /** The plain model: every target reads the sum of everything written so far. */
    Stream PLAIN = (target, written) -> sum(written);

    double[][] read(String target, List<Write> written);
  }

  /**
   * @param written all writes in order: {@code input}, then of each layer the heads, the bias of
   *     its attention output ({@code a0.bias}: of no head, often zero) and its MLP, each as it
   *     arrives in the stream
   * @param logits {@code [T][V]}
   */
  record Run(List<Write> written, double[][] logits) {}

  /**
   * A query head with the key and value projection that it uses, each from a normed read {@code
   * [D]} to {@code [dHead]}, before positions.
   *
   * @param output the head's columns of the output projection, {@code [D][dHead]}
   */
  record Head(
      UnaryOperator<double[]> query,
      UnaryOperator<double[]> key,
      UnaryOperator<double[]> value,
      double[][] output) {}

  /**
   * What positions mean to a layer.
   *
   * @param inverseFrequencies radians a position turns each plane; plane i is spanned by
   *     coordinates i and i + their number, later coordinates stay; empty for no rotation
   * @param window how many positions a query sees, its own included
   */
  record Positions(double[] inverseFrequencies, int window) {
    static final int ALL = Integer.MAX_VALUE;
  }

  /** The part of a sum {@code [D]} that is added to the stream once the sum has been normed. */
  @FunctionalInterface
  interface Share {
    /** Nothing is normed before it is added. */
    Share PLAIN = (part, whole) -> part;

    double[] of(double[] part, double[] whole);
  }

  /**
   * The attention of a layer.
   *
   * @param bias {@code [D]} of the output projection, zero where there is none
   * @param scale factor of the product of a query and a key
   * @param cap what becomes of a score before the softmax
   * @param share what a head, or the bias, adds, of the sum over all of them
   */
  record Attention(
      UnaryOperator<double[]> norm,
      List<Head> heads,
      double[] bias,
      Positions positions,
      double scale,
      DoubleUnaryOperator cap,
      Share share) {}

  /**
   * A block.
   *
   * @param parallel whether the MLP reads what was written before this layer's attention
   * @param mlp from a normed read to what is computed, {@code [D]} each
   * @param mlpShare what is added of it
   */
  record Layer(
      Attention attention,
      boolean parallel,
      UnaryOperator<double[]> mlpNorm,
      UnaryOperator<double[]> mlp,
      Share mlpShare) {}

  /** Sees what happens inside of components. */
  @FunctionalInterface
  interface Watch {
    /**
     * Sees one thing.
     *
     * @param what {@code a0.h1.z}, the weighted values of a head, {@code [T][dHead]}; {@code
     *     m0.read}, {@code m0.in} and {@code m0.out}, what an MLP reads before and after its norm
     *     and what it computes before the norm that follows, {@code [T][D]}
     */
    void see(String what, double[][] values);
  }

  private final double[][] tokens;
  private final double[][] positions;
  private final List<Layer> layers;
  private final UnaryOperator<double[]> unembed;
  private Watch watch = (_, _) -> {};

  /**
   * @param tokens what each token writes, {@code [V][D]}
   * @param positions learned positions {@code [P][D]}; empty for a rotary model
   * @param unembed from the last read {@code [D]}, before its norm, to logits {@code [V]}
   */
  ReferenceDecoder(
      double[][] tokens,
      double[][] positions,
      List<Layer> layers,
      UnaryOperator<double[]> unembed) {
    this.tokens = tokens;
    this.positions = positions;
    this.layers = layers;
    this.unembed = unembed;
  }

  /** The plain model on one sequence of token ids {@code [T]}, watched. */
  Run run(int[] ids, Watch watching) {
    watch = watching;
    return run(ids);
  }

  /** The plain model on one sequence of token ids {@code [T]}. */
  Run run(int[] ids) {
    return run(ids, Stream.PLAIN);
  }

  /**
   * The model on one sequence of token ids {@code [T]}, its targets reading from {@code stream}.
   */
  Run run(int[] ids, Stream stream) {
    List<Write> written = new ArrayList<>();
    written.add(new Write("input", embed(ids)));
    for (int l = 0; l < layers.size(); l++) {
      Layer layer = layers.get(l);
      List<Write> before = List.copyOf(written);
      written.addAll(attention(layer.attention, "a" + l, stream, before));
      double[][] read = stream.read("m" + l, layer.parallel ? before : written);
      double[][] in = each(read, layer.mlpNorm);
      double[][] out = each(in, layer.mlp);
      watch.see("m" + l + ".read", read);
      watch.see("m" + l + ".in", in);
      watch.see("m" + l + ".out", out);
      written.add(new Write("m" + l, each(out, y -> layer.mlpShare.of(y, y))));
    }
    return new Run(written, each(stream.read("logits", written), unembed));
  }

  /** What each head of a layer and its bias write. */
  private List<Write> attention(
      Attention attention, String layer, Stream stream, List<Write> before) {
    List<Write> parts = new ArrayList<>();
    for (int h = 0; h < attention.heads.size(); h++) {
      String name = layer + ".h" + h;
      double[][] query = each(stream.read(name + "<q>", before), attention.norm);
      double[][] key = each(stream.read(name + "<k>", before), attention.norm);
      double[][] value = each(stream.read(name + "<v>", before), attention.norm);
      Head head = attention.heads.get(h);
      double[][] z = attend(attention, head, query, key, value);
      watch.see(name + ".z", z);
      parts.add(new Write(name, each(z, values -> multiply(head.output, values))));
    }
    double[][] bias = each(before.getFirst().output, x -> attention.bias.clone());
    parts.add(new Write(layer + ".bias", bias));
    double[][] whole = sum(parts);
    List<Write> written = new ArrayList<>();
    for (Write part : parts) {
      double[][] shares = new double[whole.length][];
      Arrays.setAll(shares, t -> attention.share.of(part.output[t], whole[t]));
      written.add(new Write(part.source, shares));
    }
    return written;
  }

  /** The sum of {@code writes}, {@code [T][D]}. */
  static double[][] sum(List<Write> writes) {
    double[][] sum =
        new double[writes.getFirst().output.length][writes.getFirst().output[0].length];
    for (Write write : writes) {
      for (int t = 0; t < sum.length; t++) {
        add(sum[t], 1, write.output[t]);
      }
    }
    return sum;
  }

  private double[][] embed(int[] ids) {
    double[][] embedding = new double[ids.length][];
    for (int t = 0; t < ids.length; t++) {
      embedding[t] = tokens[ids[t]].clone();
      if (positions.length > 0) {
        add(embedding[t], 1, positions[t]);
      }
    }
    return embedding;
  }

  /**
   * Causal attention of one head, from normed reads {@code [T][D]} to its weighted values {@code
   * [T][dHead]}.
   */
  private static double[][] attend(
      Attention attention,
      Head head,
      double[][] queryRead,
      double[][] keyRead,
      double[][] valueRead) {
    double[][] queries = each(queryRead, head.query);
    double[][] keys = each(keyRead, head.key);
    double[][] values = each(valueRead, head.value);
    double[] frequencies = attention.positions.inverseFrequencies;
    double[][] output = new double[queries.length][];
    for (int t = 0; t < queries.length; t++) {
      int first = Math.max(0, t - attention.positions.window + 1);
      double[] scores = new double[t + 1 - first];
      for (int s = first; s <= t; s++) {
        double product = dot(rotate(queries[t], t, frequencies), rotate(keys[s], s, frequencies));
        scores[s - first] = attention.cap.applyAsDouble(product * attention.scale);
      }
      double[] weights = softmax(scores);
      double[] z = new double[values[t].length];
      for (int s = first; s <= t; s++) {
        add(z, weights[s - first], values[s]);
      }
      output[t] = z;
    }
    return output;
  }

  /** Turns every plane of {@link Positions} by {@code position} times its frequency. */
  private static double[] rotate(double[] x, int position, double[] inverseFrequencies) {
    double[] rotated = x.clone();
    int half = inverseFrequencies.length;
    for (int i = 0; i < half; i++) {
      double cos = Math.cos(position * inverseFrequencies[i]);
      double sin = Math.sin(position * inverseFrequencies[i]);
      rotated[i] = x[i] * cos - x[i + half] * sin;
      rotated[i + half] = x[i + half] * cos + x[i] * sin;
    }
    return rotated;
  }

  /** Probabilities of {@code scores}. */
  static double[] softmax(double[] scores) {
    double largest = Arrays.stream(scores).max().orElseThrow();
    double[] weights = Arrays.stream(scores).map(score -> Math.exp(score - largest)).toArray();
    double total = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(weight -> weight / total).toArray();
  }

  private static double[][] each(double[][] xs, UnaryOperator<double[]> function) {
    return Arrays.stream(xs).map(function).toArray(double[][]::new);
  }

  /** {@code matrix} times {@code x}. */
  static double[] multiply(double[][] matrix, double[] x) {
    return Arrays.stream(matrix).mapToDouble(row -> dot(row, x)).toArray();
  }

  /** The inner product. */
  static double dot(double[] x, double[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * y[i];
    }
    return sum;
  }

  private static void add(double[] sum, double factor, double[] x) {
    for (int i = 0; i < sum.length; i++) {
      sum[i] += factor * x[i];
    }
  }
}
