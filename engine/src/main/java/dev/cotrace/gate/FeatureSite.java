package dev.cotrace.gate;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Node;
import dev.cotrace.circuit.Part;
import dev.cotrace.dictionary.Dictionary;
import dev.cotrace.dictionary.DictionaryDescription;
import dev.cotrace.dictionary.Site;
import dev.cotrace.model.Decoder;
import dev.cotrace.model.HeadOutput;
import dev.cotrace.model.MlpOutput;
import dev.cotrace.model.MlpSteps;
import dev.cotrace.model.PullBack;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A dictionary whose features what a layer's heads together, or its MLP, write is cut into, or the
 * residual stream itself. All methods run in the caller's scope.
 *
 * <p>Whatever the dictionary reads, a feature's piece is {@code a_i d_i} with d_i where the
 * dictionary writes, carried into the stream by what follows there, which is linear: the output
 * projection for values of heads, the gain of a norm that follows, whose root divides a_i.
 */
final class FeatureSite {
  private static final Set<Site.Kind> HEADS =
      EnumSet.of(Site.Kind.ATTENTION_OUTPUT, Site.Kind.HEAD_VALUES);

  /** In the order of the forward pass. */
  private static final SortedSet<Site.Kind> STREAM =
      Collections.unmodifiableSortedSet(
          new TreeSet<>(
              List.of(Site.Kind.RESIDUAL_PRE, Site.Kind.RESIDUAL_MID, Site.Kind.RESIDUAL_POST)));

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

  /** Whether the part is a layer's heads together. */
  boolean ofHeads() {
    return HEADS.contains(output);
  }

  /** Whether it is the residual stream. */
  boolean ofStream() {
    return STREAM.contains(output);
  }

  /** After how many writers ({@link ComputationGraph#writers}) the stream is cut. */
  int writers() {
    if (!ofStream()) {
      throw new IllegalStateException("not of the stream: " + output);
    }
    return 1 + 2 * layer + STREAM.headSet(output).size();
  }

  /** Whether an MLP's features are of what it reads, or of what can be made of that alone. */
  boolean readsMlpInput() {
    return input != Site.Kind.MLP_OUTPUT;
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
    return new Part(
        name, Part.Cut.FEATURES, Math.toIntExact(features() + 1), sources, dictionary.identity());
  }

  /** Bytes of memory that the dictionary takes. */
  long bytes() {
    return dictionary.bytes();
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
    MlpSteps steps = new MlpSteps(decoder, layer);
    MlpOutput mlp = decoder.mlpOutput(layer);
    Tensor amounts =
        dictionary.amounts(
            switch (input) {
              case MLP_NORMALISED -> steps.normalised(values);
              case MLP_INPUT -> steps.gained(steps.normalised(values));
              case MLP_RAW_OUTPUT -> mlp.raw(values);
              default -> values; // what it wrote, or the stream that it read
            });
    @Nullable Tensor inverseRoot =
        output == Site.Kind.MLP_RAW_OUTPUT ? mlp.inverseRoot(mlp.raw(values)) : null;
    return inverseRoot == null ? amounts : amounts.mul_(inverseRoot);
  }

  /** The same of the residual stream, {@code [n, D]}. */
  Tensor ofStream(Tensor stream) {
    return dictionary.amounts(stream);
  }

  /** Whether {@link #ofHeads} is of values that a norm after the heads has not yet divided. */
  boolean readsBeforeNorm() {
    return input == Site.Kind.HEAD_VALUES && decoder.headOutput(layer).isNormed();
  }

  /**
   * The same where the part is the heads.
   *
   * @param z their values, {@code [n, H, dHead]} or side by side; as {@link #readsBeforeNorm} says
   */
  Tensor ofHeads(Tensor z) {
    HeadOutput heads = decoder.headOutput(layer);
    if (input != Site.Kind.HEAD_VALUES) {
      return dictionary.amounts(heads.sum(z.unsqueeze(0)).select(0, 0));
    }
    Tensor amounts = dictionary.amounts(z);
    @Nullable Tensor inverseRoot = heads.inverseRoot(z.reshape(z.size(0), -1));
    return inverseRoot == null ? amounts : amounts.mul_(inverseRoot);
  }

  /** {@code ⟨d_i, g⟩} of every feature, {@code [C, n, F]}, for cotangents g {@code [C, n, D]}. */
  Tensor along(Tensor cotangents) {
    return beforeStream(cotangents).matmul(dictionary.directions().t());
  }

  /** Cotangents of the stream as they come to where the dictionary writes, {@code [C, n, dOut]}. */
  private Tensor beforeStream(Tensor cotangents) {
    return switch (output) {
      case HEAD_VALUES -> decoder.headOutput(layer).pullBack(cotangents).flatten(2, 3);
      case MLP_RAW_OUTPUT -> decoder.mlpOutput(layer).afterGain(cotangents);
      default -> cotangents;
    };
  }

  /**
   * Whether features can be told apart in what the MLP reads: dictionaries that take out norms mix
   * them, as a norm after the MLP does.
   */
  boolean readsApart() {
    return !ofHeads()
        && !ofStream()
        && dictionary.isPiecewiseLinear()
        && (output == Site.Kind.MLP_OUTPUT || !decoder.mlpOutput(layer).isNormed());
  }

  /** {@code ⟨d_i, g⟩} of some features, {@code [C, n, k]}, for cotangents g {@code [C, n, D]}. */
  Tensor along(Tensor cotangents, Tensor some) {
    return beforeStream(cotangents).matmul(dictionary.directions().index_select(0, some).t());
  }

  /**
   * Cotangents of what the MLP read, apart for each of some features.
   *
   * @param read by the MLP, {@code [n, D]}
   * @param active whether each of them is active, {@code [n, k]} of 0 and 1
   * @param cotangents of their amounts, {@code [C, n, k]}
   * @return {@code [k, C, n, D]}
   */
  Tensor reads(Tensor read, Tensor some, Tensor active, Tensor cotangents) {
    Tensor slopes = dictionary.slopes(some); // [k, dIn]
    Tensor each = cotangents.mul(active).permute(2, 0, 1).unsqueeze(3); // [k, C, n, 1]
    Tensor inputs = each.mul(slopes.view(slopes.size(0), 1, 1, -1)); // [k, C, n, dIn]
    Tensor flat = inputs.reshape(-1, inputs.size(2), inputs.size(3));
    Tensor reads =
        switch (input) {
          case MLP_NORMALISED -> new MlpSteps(decoder, layer).pullBack(read, flat, false);
          case MLP_INPUT -> new MlpSteps(decoder, layer).pullBack(read, flat, true);
          case MLP_OUTPUT, MLP_RAW_OUTPUT -> new PullBack(decoder).mlp(layer, read, flat);
          default -> flat; // of the stream that it read
        };
    return reads.view(inputs.size(0), inputs.size(1), inputs.size(2), -1);
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

  /** What feature {@code number} adds to the stream at {@code amounts [n, 1]}, {@code [n, D]}. */
  Tensor written(Tensor amounts, long number) {
    return inStream(amounts.mul(dictionary.directions().select(0, number)));
  }

  /**
   * {@code x [n, dOut]} where the dictionary writes, as it comes into the stream, {@code [n, D]}.
   */
  private Tensor inStream(Tensor x) {
    return switch (output) {
      case HEAD_VALUES -> decoder.headOutput(layer).project(x);
      case MLP_RAW_OUTPUT -> decoder.mlpOutput(layer).afterGain(x);
      default -> x;
    };
  }
}
