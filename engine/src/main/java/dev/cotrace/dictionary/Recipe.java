package dev.cotrace.dictionary;

import dev.cotrace.format.Sha256;
import dev.cotrace.torch.Placement;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * How the tensors of a file make the two maps of a dictionary.
 *
 * @param description whose widths the tensors must have
 * @param layout names and orientation of the tensors
 * @param shifted whether the decoder's bias is taken from the input first
 * @param decoderNorms whether features are chosen by their size times the norm of their row of the
 *     decoder, and divided by it again: SAELens' {@code rescale_acts_by_decoder_norm}
 * @param tuned whether a {@code scaling_factor} other than ones counts
 * @param rectified whether features below 0 are 0 where the nonlinearity itself lets them through
 * @param inputScale folded into the weights, if there is one
 */
record Recipe(
    DictionaryDescription description,
    Layout layout,
    boolean shifted,
    boolean decoderNorms,
    boolean tuned,
    boolean rectified,
    OptionalDouble inputScale) {
  private static final String SCALING = "scaling_factor";

  /**
   * Names and orientation of the tensors of a kind of file.
   *
   * @param featuresFirst whether {@code W_enc} is {@code [F, dIn]}, not {@code [dIn, F]}
   * @param threshold the name of the thresholds, {@code [F]}
   * @param skip the name of the skip map
   * @param skipOutFirst whether it is {@code [dOut, dIn]}, not {@code [dIn, dOut]}
   */
  record Layout(boolean featuresFirst, String threshold, String skip, boolean skipOutFirst) {
    static final Layout SAE_LENS = new Layout(false, "threshold", "W_skip", true);
    static final Layout GEMMA_SCOPE =
        new Layout(false, "threshold", "affine_skip_connection", false);
    static final Layout CIRCUIT_TRACER =
        new Layout(true, "activation_function.threshold", "W_skip", true);
  }

  /** A recipe for what only multiplies, adds and applies its nonlinearity. */
  static Recipe plain(DictionaryDescription description, Layout layout, boolean rectified) {
    return new Recipe(description, layout, false, false, false, rectified, OptionalDouble.empty());
  }

  /**
   * What tells dictionaries apart: the SHA-256 of what their files hold and how it is read.
   *
   * @param weights the SHA-256 of the file with the weights
   */
  String identity(String weights) {
    String read =
        Stream.of(
                weights,
                layout,
                description.form(),
                description.input(),
                description.output(),
                description.normalisation(),
                shifted,
                decoderNorms,
                tuned,
                rectified,
                inputScale)
            .map(String::valueOf)
            .collect(Collectors.joining("\n"));
    return Sha256.of(read);
  }

  /** The two maps, in the caller's scope. */
  Dictionary.Weights make(StoredParameters parameters, Placement placement) {
    long features = description.features();
    long dIn = description.dIn();
    Tensor matrix =
        layout.featuresFirst
            ? parameters.read("W_enc", features, dIn).t()
            : parameters.read("W_enc", dIn, features);
    Tensor rows = parameters.read("W_dec", features, description.dOut());
    Tensor bias = parameters.read("b_dec", description.dOut());
    boolean gated = description.form().nonlinearity() == Form.Nonlinearity.GATED;
    Tensor encoderBias = parameters.read(gated ? "b_gate" : "b_enc", features);
    Activation activation = activation(parameters);
    Tensor skip = description.form().skip() ? skip(parameters) : null;
    if (inputScale.isPresent()) { // First, as SAELens folds it: norms are of what it leaves.
      Scalar factor = new Scalar(inputScale.getAsDouble());
      matrix = matrix.mul(factor);
      rows = rows.div(factor);
      bias = bias.div(factor);
    }
    Tensor norms = decoderNorms ? norms(rows) : null;
    if (norms != null) {
      rows = rows.div(norms.unsqueeze(1));
    }
    Tensor scaling = scaling(parameters);
    if (scaling != null) {
      rows = rows.mul(scaling.unsqueeze(1));
    }
    parameters.requireAllRead();
    return new Dictionary.Weights(
        new EncoderWeights(
            placement, matrix, encoderBias, shifted ? bias : null, norms, activation),
        new DecoderWeights(rows, bias, skip));
  }

  private Activation activation(StoredParameters parameters) {
    long features = description.features();
    return switch (description.form().nonlinearity()) {
      case RELU -> new Activation.Relu();
      case JUMP_RELU ->
          new Activation.JumpRelu(parameters.read(layout.threshold, features), rectified);
      case GATED ->
          new Activation.Gated(
              parameters.read("r_mag", features).exp(), parameters.read("b_mag", features));
      case TOP_K -> new Activation.TopK(description.form().k(), rectified);
    };
  }

  private Tensor skip(StoredParameters parameters) {
    return layout.skipOutFirst
        ? parameters.read(layout.skip, description.dOut(), description.dIn()).t()
        : parameters.read(layout.skip, description.dIn(), description.dOut());
  }

  private static Tensor norms(Tensor rows) {
    return rows.square().sum(new long[] {1}, false, null).sqrt(); // [F]
  }

  /** Files had it for some time whether it said something or not. */
  private @Nullable Tensor scaling(StoredParameters parameters) {
    if (!parameters.has(SCALING)) {
      return null;
    }
    Tensor scaling = parameters.read(SCALING, description.features());
    // As near to 1 as SAELens asks for.
    boolean ones =
        Arrays.stream(Placement.toDoubles(scaling)).allMatch(s -> Math.abs(s - 1) <= 1e-5);
    if (!ones && !tuned) {
      throw parameters.malformed(
          "expected a scaling_factor of ones, because finetuning_scaling_factor is not true, got others");
    }
    return ones ? null : scaling;
  }
}
