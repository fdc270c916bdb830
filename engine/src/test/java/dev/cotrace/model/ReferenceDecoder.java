package dev.cotrace.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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
   *     its attention output ({@code a0.bias}: of no head, often zero) and its MLP
   * @param logits {@code [T][V]}
   */
  record Run(List<Write> written, double[][] logits) {}

  /** {@code weight · x + bias}, weight {@code [out][in]}. */
  record Affine(double[][] weight, double[] bias) {
    double[] apply(double[] x) {
      double[] y = bias.clone();
      for (int i = 0; i < y.length; i++) {
        y[i] += dot(weight[i], x);
      }
      return y;
    }
  }

  /**
   * A query head with the key and value projection that it uses, {@code [dHead][D]} each.
   *
   * @param output the head's columns of the output projection, {@code [D][dHead]}
   */
  record Head(Affine query, Affine key, Affine value, double[][] output) {}

  /**
   * A block; {@code attentionBias} is the bias {@code [D]} of the output projection, zero where
   * there is none.
   */
  record Layer(
      UnaryOperator<double[]> attentionNorm,
      List<Head> heads,
      double[] attentionBias,
      UnaryOperator<double[]> mlpNorm,
      UnaryOperator<double[]> mlp) {}

  private final double[][] tokens;
  private final double[][] positions;
  private final double[] inverseFrequencies;
  private final List<Layer> layers;
  private final UnaryOperator<double[]> finalNorm;
  private final double[][] unembedding;

  /**
   * @param tokens {@code [V][D]}
   * @param positions learned positions {@code [P][D]}, zero for a rotary model
   * @param inverseFrequencies radians a position turns each plane, {@code [dHead/2]}; empty for
   *     learned positions
   * @param unembedding {@code [V][D]}
   */
  ReferenceDecoder(
      double[][] tokens,
      double[][] positions,
      double[] inverseFrequencies,
      List<Layer> layers,
      UnaryOperator<double[]> finalNorm,
      double[][] unembedding) {
    this.tokens = tokens;
    this.positions = positions;
    this.inverseFrequencies = inverseFrequencies;
    this.layers = layers;
    this.finalNorm = finalNorm;
    this.unembedding = unembedding;
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
      List<Write> attention = new ArrayList<>();
      for (int h = 0; h < layer.heads.size(); h++) {
        String name = "a" + l + ".h" + h;
        double[][] query = each(stream.read(name + "<q>", written), layer.attentionNorm);
        double[][] key = each(stream.read(name + "<k>", written), layer.attentionNorm);
        double[][] value = each(stream.read(name + "<v>", written), layer.attentionNorm);
        attention.add(new Write(name, attend(layer.heads.get(h), query, key, value)));
      }
      written.addAll(attention);
      written.add(
          new Write(
              "a" + l + ".bias",
              each(written.getFirst().output, x -> layer.attentionBias.clone())));
      double[][] read = each(stream.read("m" + l, written), layer.mlpNorm);
      written.add(new Write("m" + l, each(read, layer.mlp)));
    }
    double[][] last = each(stream.read("logits", written), finalNorm);
    return new Run(written, each(last, x -> multiply(unembedding, x)));
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
      add(embedding[t], 1, positions[t]);
    }
    return embedding;
  }

  /**
   * Causal attention of one head, from normed reads {@code [T][D]} to what it adds to the stream
   * {@code [T][D]}.
   */
  private double[][] attend(
      Head head, double[][] queryRead, double[][] keyRead, double[][] valueRead) {
    double[][] queries = each(queryRead, head.query::apply);
    double[][] keys = each(keyRead, head.key::apply);
    double[][] values = each(valueRead, head.value::apply);
    double[][] output = new double[queries.length][];
    for (int t = 0; t < queries.length; t++) {
      double[] scores = new double[t + 1];
      for (int s = 0; s <= t; s++) {
        scores[s] = dot(rotate(queries[t], t), rotate(keys[s], s)) / Math.sqrt(keys[s].length);
      }
      double[] attention = softmax(scores);
      double[] z = new double[values[t].length];
      for (int s = 0; s <= t; s++) {
        add(z, attention[s], values[s]);
      }
      output[t] = multiply(head.output, z);
    }
    return output;
  }

  /**
   * Turns plane i, spanned by coordinates i and i + dHead/2, by {@code position} times its
   * frequency.
   */
  private double[] rotate(double[] x, int position) {
    double[] rotated = x.clone();
    int half = x.length / 2;
    for (int i = 0; i < inverseFrequencies.length; i++) {
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

  private static double[] multiply(double[][] matrix, double[] x) {
    return Arrays.stream(matrix).mapToDouble(row -> dot(row, x)).toArray();
  }

  private static double dot(double[] x, double[] y) {
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
