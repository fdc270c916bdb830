package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Node;
import dev.cotrace.circuit.Part;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.DictionaryDescription;
import dev.cotrace.dictionary.Site;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.MlpOutput;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A dictionary whose features what a layer's heads together, or its MLP, write is cut into, or the
 * residual stream itself. All methods run in the caller's scope.
 *
 * <p>Whatever the dictionary reads, a feature's piece is {@code a_i d_i} with d_i where the
 * dictionary writes, carried into the stream by what follows there, which is linear: the output
 * projection for values of heads, the gain of a norm that follows the MLP, whose root divides a_i.
 */
final class FeatureSite {
  private final Decoder decoder;
  private final Dictionary dictionary;
  private final Site.Kind input;
  private final Site.Kind output;
  private final int layer;

  FeatureSite(Decoder decoder, Dictionary dictionary) {
    this.decoder = decoder;
    this.dictionary = dictionary;
    DictionaryDescription description = dictionary.description();
    input = description.input().kind();
    output = description.output().kind();
    layer = description.output().layer();
  }

  /** The layer whose heads or MLP it cuts. */
  int layer() {
    return layer;
  }

  /** Whether the part is a layer's heads together; else it is the MLP. */
  boolean ofHeads() {
    return output == Site.Kind.ATTENTION_OUTPUT || output == Site.Kind.HEAD_VALUES;
  }

  /** Whether it is the residual stream. */
  boolean ofStream() {
    return switch (output) {
      case RESIDUAL_PRE, RESIDUAL_MID, RESIDUAL_POST -> true;
      case ATTENTION_OUTPUT, HEAD_VALUES, MLP_NORMALISED, MLP_INPUT, MLP_RAW_OUTPUT, MLP_OUTPUT ->
          false;
    };
  }

  /** After how many writers ({@link ComputationGraph#writers}) the stream is cut. */
  int writers() {
    return 2 * layer
        + switch (output) {
          case RESIDUAL_PRE -> 1;
          case RESIDUAL_MID -> 2;
          case RESIDUAL_POST -> 3;
          case ATTENTION_OUTPUT,
              HEAD_VALUES,
              MLP_NORMALISED,
              MLP_INPUT,
              MLP_RAW_OUTPUT,
              MLP_OUTPUT ->
              throw new IllegalStateException("not of the stream: " + output);
        };
  }

  /** Whether features are of what the MLP reads, or of what can be made of it alone. */
  boolean readsMlpInput() {
    return switch (input) {
      case MLP_NORMALISED, MLP_INPUT, MLP_RAW_OUTPUT -> true;
      case ATTENTION_OUTPUT, HEAD_VALUES, MLP_OUTPUT, RESIDUAL_PRE, RESIDUAL_MID, RESIDUAL_POST ->
          false;
    };
  }

  /** Its units. */
  Part part() {
    String name =
        switch (output) {
          case HEAD_VALUES -> "z" + layer;
          case ATTENTION_OUTPUT -> "a" + layer;
          case MLP_NORMALISED, MLP_INPUT, MLP_RAW_OUTPUT, MLP_OUTPUT ->
              new Node.Mlp(layer).toString();
          case RESIDUAL_PRE -> "r" + layer + "pre";
          case RESIDUAL_MID -> "r" + layer + "mid";
          case RESIDUAL_POST -> "r" + layer + "post";
        };
    int sources = ofStream() ? 0 : ofHeads() ? decoder.architecture().heads() : 1;
    return new Part(name, Part.Cut.FEATURES, Math.toIntExact(features() + 1), sources);
  }

  /** F. */
  long features() {
    return dictionary.description().features();
  }

  /**
   * How much of its direction each feature adds, {@code [n, F]}, where the part is the MLP.
   *
   * @param values what {@link #readsMlpInput} says: what the MLP read, or its output, {@code [n,
   *     D]}
   */
  Tensor ofMlp(Tensor values) {
    MlpOutput mlp = decoder.mlpOutput(layer);
    Tensor amounts =
        dictionary.amounts(
            switch (input) {
              case MLP_NORMALISED -> decoder.mlpInput(layer).normalised(values);
              case MLP_INPUT -> decoder.mlpInput(layer).of(values);
              case MLP_RAW_OUTPUT -> mlp.raw(values);
              case MLP_OUTPUT,
                  ATTENTION_OUTPUT,
                  HEAD_VALUES,
                  RESIDUAL_PRE,
                  RESIDUAL_MID,
                  RESIDUAL_POST ->
                  values;
            });
    @Nullable Tensor inverseRoot =
        output == Site.Kind.MLP_RAW_OUTPUT ? mlp.inverseRoot(mlp.raw(values)) : null;
    return inverseRoot == null ? amounts : amounts.mul_(inverseRoot);
  }

  /** The same of the residual stream, {@code [n, D]}. */
  Tensor ofStream(Tensor stream) {
    return dictionary.amounts(stream);
  }

  /**
   * The same where the part is the heads.
   *
   * @param z their values, {@code [n, H, dHead]}
   */
  Tensor ofHeads(Tensor z) {
    return dictionary.amounts(
        input == Site.Kind.HEAD_VALUES
            ? z
            : decoder.headOutput(layer).sum(z.unsqueeze(0)).select(0, 0));
  }

  /** {@code ⟨d_i, g⟩} of every feature, {@code [C, n, F]}, for cotangents g {@code [C, n, D]}. */
  Tensor along(Tensor cotangents) {
    Tensor before =
        switch (output) {
          case HEAD_VALUES -> decoder.headOutput(layer).pullBack(cotangents).flatten(2, 3);
          case MLP_RAW_OUTPUT -> decoder.mlpOutput(layer).afterGain(cotangents);
          case ATTENTION_OUTPUT,
              MLP_OUTPUT,
              MLP_NORMALISED,
              MLP_INPUT,
              RESIDUAL_PRE,
              RESIDUAL_MID,
              RESIDUAL_POST ->
              cotangents;
        };
    return before.matmul(dictionary.directions().t());
  }

  /** The norm of what each feature adds to the stream at 1, {@code [F]}. */
  Tensor norms() {
    Tensor directions = inStream(dictionary.directions());
    return directions.square().sum(new long[] {1}, false, null).sqrt();
  }

  /** What amounts {@code [n, F]} of the features add to the stream, {@code [n, D]}. */
  Tensor written(Tensor amounts) {
    return inStream(amounts.matmul(dictionary.directions()));
  }

  /**
   * {@code x [n, dOut]} where the dictionary writes, as it comes into the stream, {@code [n, D]}.
   */
  private Tensor inStream(Tensor x) {
    return switch (output) {
      case HEAD_VALUES -> decoder.headOutput(layer).project(x);
      case MLP_RAW_OUTPUT -> decoder.mlpOutput(layer).afterGain(x);
      case ATTENTION_OUTPUT,
          MLP_OUTPUT,
          MLP_NORMALISED,
          MLP_INPUT,
          RESIDUAL_PRE,
          RESIDUAL_MID,
          RESIDUAL_POST ->
          x;
    };
  }
}
