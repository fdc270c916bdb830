package dev.cotrace.dictionary;

import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Holder;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A sparse autoencoder or a transcoder: features of activations, and activations of features. Owns
 * the memory of its parameters.
 *
 * <p>Sources: SAELens 6.54 ({@code sae_lens/saes}), Gemma Scope (arXiv 2408.05147), circuit-tracer
 * ({@code single_layer_transcoder.py}). docs/dictionaries.md says what is read.
 */
public final class Dictionary implements AutoCloseable {
  private final DictionaryDescription description;
  private final EncoderWeights encoder;
  private final DecoderWeights decoder;
  private final String identity;
  private final List<Holder> memory = new ArrayList<>();
  private @Nullable TensorFile mapped;

  /** The two maps of a dictionary. */
  record Weights(EncoderWeights encoder, DecoderWeights decoder) {}

  /**
   * Takes over what {@code source} makes of the parameters; on failure nothing stays allocated, and
   * the file is closed unless they lie in it.
   */
  Dictionary(
      DictionaryDescription description,
      String identity,
      StoredParameters parameters,
      Function<StoredParameters, Weights> source) {
    this.description = description;
    this.identity = identity;
    try (Scope _ = new Scope()) {
      Weights weights = source.apply(parameters);
      encoder = weights.encoder;
      decoder = weights.decoder;
      hold(encoder.matrix());
      hold(encoder.bias());
      hold(encoder.shift());
      hold(encoder.gain());
      switch (encoder.activation()) {
        case Activation.JumpRelu jump -> hold(jump.threshold());
        case Activation.Gated gated -> {
          hold(gated.gain());
          hold(gated.bias());
        }
        case Activation.Relu _, Activation.TopK _ -> {}
      }
      hold(decoder.rows());
      hold(decoder.bias());
      hold(decoder.skip());
    }
    if (parameters.sharesMemory()) {
      mapped = parameters.file();
    } else {
      parameters.file().close();
    }
  }

  /**
   * Reads the dictionary in a folder or file.
   *
   * @throws dev.cotrace.format.MalformedModelException when the files are damaged, or ask for what
   *     is not known
   * @throws IllegalArgumentException when there is no dictionary, or nothing says where it belongs
   */
  public static Dictionary read(Path path, Placement placement) throws IOException {
    return read(path, Supplement.none(), placement);
  }

  /** As {@link #read(Path, Placement)}, with what the files leave open. */
  public static Dictionary read(Path path, Supplement told, Placement placement)
      throws IOException {
    return DictionaryFiles.read(path, told, placement);
  }

  /** What the dictionary is and what it was made for. */
  public DictionaryDescription description() {
    return description;
  }

  /**
   * The SHA-256, in hexadecimal, of the file with the parameters and of how they are read: what
   * tells its features from those of other dictionaries.
   */
  public String identity() {
    return identity;
  }

  /**
   * The features of {@code x}, in the caller's scope.
   *
   * @param x {@code [N, dIn]}; values of heads also {@code [N, H, dHead]}
   * @return {@code [N, F]}
   */
  public Tensor encode(Tensor x) {
    return encode(x, 0, description.features());
  }

  /**
   * Features {@code from} to {@code to}, exclusive, of {@code x}, in the caller's scope; where F is
   * huge, part after part. Every part of a top-k dictionary looks through all features.
   *
   * @return {@code [N, to − from]}
   */
  public Tensor encode(Tensor x, long from, long to) {
    checkRange(from, to);
    try (Scope scope = new Scope()) {
      Tensor inputs = description.normalisation().into(flat(x));
      return scope.keep(encoder.features(inputs, from, to));
    }
  }

  /**
   * How much of its direction each feature adds to the output for {@code x}: the features, times
   * the norm that is given back to the output of autoencoders that took it away. {@code Σ_i a_i
   * d_i} is the output but for what no feature says: bias, mean and skip map.
   *
   * @param x as {@link #encode(Tensor)} takes it
   * @return {@code [N, F]}, in the caller's scope
   */
  public Tensor amounts(Tensor x) {
    try (Scope scope = new Scope()) {
      Tensor features = encode(x);
      @Nullable Tensor factor =
          description.form().transcoder() ? null : description.normalisation().factor(flat(x));
      return scope.keep(factor == null ? features : features.mul(factor));
    }
  }

  /** Whether features are linear in the input where it does not change which are active. */
  public boolean isPiecewiseLinear() {
    return description.normalisation() == Normalisation.NONE
        || description.normalisation() == Normalisation.EXPECTED_AVERAGE_ONLY_IN;
  }

  /**
   * How a feature that is active changes with the input, of a dictionary that {@link
   * #isPiecewiseLinear}.
   *
   * @param features numbers of some of them, {@code [n]}
   * @return {@code [n, dIn]}, in the caller's scope
   */
  public Tensor slopes(Tensor features) {
    try (Scope scope = new Scope()) {
      return scope.keep(encoder.slopes(features));
    }
  }

  /**
   * The output for {@code activations} of the features, in the caller's scope.
   *
   * @param activations {@code [N, F]}
   * @param x the input that they are features of, {@code [N, dIn]}: its norm is given back to the
   *     output of autoencoders that took it away, and transcoders with a skip map add it
   * @return {@code [N, dOut]}
   */
  public Tensor decode(Tensor activations, Tensor x) {
    checkShape("activations", activations, x.size(0), description.features());
    try (Scope scope = new Scope()) {
      return scope.keep(complete(activations.matmul(decoder.rows()), x));
    }
  }

  /**
   * The output when features add {@code written} to it: bias, norm and skip map are added. So
   * features can be decoded part after part, {@code written = Σ a · directions(from, to)}.
   *
   * @param written {@code [N, dOut]}
   * @param x {@code [N, dIn]}
   * @return {@code [N, dOut]}, in the caller's scope
   */
  public Tensor complete(Tensor written, Tensor x) {
    try (Scope scope = new Scope()) {
      Tensor inputs = flat(x);
      checkShape("what features write", written, x.size(0), description.dOut());
      Tensor output = written.add(decoder.bias());
      if (!description.form().transcoder()) {
        output = description.normalisation().outOf(output, inputs);
      }
      Tensor skip = decoder.skip();
      return scope.keep(skip == null ? output : output.add(inputs.matmul(skip)));
    }
  }

  /**
   * What each feature at 1 adds to the output, before a norm is given back, {@code [F, dOut]}. It
   * belongs to the dictionary: do not write to it.
   */
  public Tensor directions() {
    return decoder.rows();
  }

  /**
   * Directions {@code from} to {@code to}, exclusive, {@code [to − from, dOut]}, in the caller's
   * scope.
   */
  public Tensor directions(long from, long to) {
    checkRange(from, to);
    return decoder.rows().narrow(0, from, to - from);
  }

  /** Bytes of memory that parameters take, but for those that lie in a mapped file. */
  public long bytes() {
    return mapped != null ? 0 : memory.stream().mapToLong(held -> held.get().nbytes()).sum();
  }

  /** Whether parameters lie in the mapped file. */
  boolean sharesMemory() {
    return mapped != null;
  }

  private void checkRange(long from, long to) {
    if (from < 0 || from > to || to > description.features()) {
      throw new IllegalArgumentException(
          "expected a range within %d features, got %d to %d"
              .formatted(description.features(), from, to));
    }
  }

  /** Heads side by side. */
  private Tensor flat(Tensor x) {
    boolean heads = description.input().kind() == Site.Kind.HEAD_VALUES && x.dim() == 3;
    Tensor inputs = heads ? x.flatten(1, 2) : x;
    checkShape("input", inputs, x.size(0), description.dIn());
    return inputs;
  }

  private void checkShape(String what, Tensor tensor, long rows, long width) {
    ShapeCheck.require(what, description.path(), tensor, rows, width);
  }

  private void hold(@Nullable Tensor tensor) {
    if (tensor != null) {
      memory.add(new Holder(tensor));
    }
  }

  @Override
  public void close() {
    memory.forEach(Holder::close);
    if (mapped != null) {
      mapped.close();
      mapped = null;
    }
  }
}
