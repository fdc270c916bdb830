package dev.cotrace.model;

import dev.cotrace.model.Architecture.Activation;
import dev.cotrace.model.Architecture.Attention;
import dev.cotrace.model.Architecture.Mlp;
import dev.cotrace.model.Architecture.Normalisation;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * A random model of a few hundred parameters, in float64 and with Hugging Face's names, small
 * enough for its sequences to be listed.
 */
public final class TinyModel implements AutoCloseable {
  private static final int WIDTH = 8;
  private static final int HEAD = 4;
  private static final int POSITIONS = 32;

  private final Architecture architecture;
  private final Map<String, Array> arrays = new LinkedHashMap<>();
  private final SplittableRandom random;
  private final Placement placement;
  private final Weights weights;
  private final Decoder decoder;

  private record Array(double[] values, long[] shape) {}

  private TinyModel(Architecture architecture, long seed, Placement placement) {
    this.architecture = architecture;
    this.placement = placement;
    random = new SplittableRandom(seed);
    ParameterLayout layout = ParameterLayout.huggingFace(architecture.family());
    weights =
        new Weights(
            placement, () -> new ParameterReader(new Source(layout), architecture, layout).read());
    decoder = new Decoder(architecture, weights);
  }

  /** A llama with two query heads on one key/value head. */
  public static TinyModel llama(long seed, int layers, int vocabulary) {
    return llama(seed, layers, vocabulary, Precision.FLOAT64);
  }

  /** A llama with two query heads on one key/value head, at {@code precision}. */
  public static TinyModel llama(long seed, int layers, int vocabulary, Precision precision) {
    Attention attention = Attention.plain(layers, 2, 1, HEAD, Rotary.of(100, HEAD));
    return new TinyModel(
        Architecture.llama(
            attention,
            WIDTH,
            12,
            vocabulary,
            POSITIONS,
            1e-5,
            /* tiedUnembedding= */ false,
            Set.of()),
        seed,
        Placement.cpu(precision));
  }

  /** A gpt2 with two heads. */
  public static TinyModel gpt2(long seed, int layers, int vocabulary) {
    return new TinyModel(
        layerNormed(
            "gpt2",
            Attention.plain(layers, 2, 2, HEAD, Rotary.NONE),
            Activation.GELU_TANH,
            vocabulary),
        seed,
        Placement.cpu(Precision.FLOAT64));
  }

  /** A gpt_neox with two heads that turn in one plane of two, its blocks side by side. */
  private static TinyModel gptNeox(long seed, int layers, int vocabulary) {
    return new TinyModel(
        layerNormed(
            "gpt_neox",
            Attention.plain(layers, 2, 2, HEAD, Rotary.of(100, 2)),
            Activation.GELU,
            vocabulary),
        seed,
        Placement.cpu(Precision.FLOAT64));
  }

  private static Architecture layerNormed(
      String family, Attention attention, Activation activation, int vocabulary) {
    return new Architecture(
        family,
        attention.patterns().size(),
        WIDTH,
        vocabulary,
        POSITIONS,
        attention.withBiases(),
        new Mlp(16, activation, /* gated= */ false, /* bias= */ true),
        Normalisation.layerNorm(1e-5),
        family.equals("gpt_neox"),
        /* embeddingScale= */ 1,
        /* logitCap= */ 0,
        family.equals("gpt2"),
        Set.of());
  }

  /**
   * All that gemma2 and gemma3 have between them: norms of heads and after blocks, soft caps,
   * scales, and layers that see two positions beside layers that see all.
   */
  private static TinyModel gemma(long seed, int layers, int vocabulary) {
    List<AttentionPattern> patterns =
        IntStream.range(0, layers)
            .mapToObj(layer ->
                layer % 2 == 1
                    ? new AttentionPattern(Rotary.of(10, HEAD), 2)
                    : AttentionPattern.full(Rotary.of(100, HEAD)))
            .toList();
    Attention attention =
        new Attention(
            2,
            1,
            HEAD,
            /* scale= */ 0.7,
            /* scoreCap= */ 1.5,
            /* inputBias= */ false,
            /* outputBias= */ false,
            /* headNorm= */ true,
            patterns);
    return new TinyModel(
        new Architecture(
            "gemma3_text",
            layers,
            WIDTH,
            vocabulary,
            POSITIONS,
            attention,
            new Mlp(12, Activation.GELU_TANH, /* gated= */ true, /* bias= */ false),
            Normalisation.rms(1e-5).withPost(),
            /* parallel= */ false,
            /* embeddingScale= */ Math.sqrt(WIDTH),
            /* logitCap= */ 2.5,
            /* tiedUnembedding= */ true,
            Set.of()),
        seed,
        Placement.cpu(Precision.FLOAT64));
  }

  /** A model of the named family: llama, gpt2, gpt_neox or gemma. */
  public static TinyModel of(String family, long seed, int layers, int vocabulary) {
    return switch (family) {
      case "llama" -> llama(seed, layers, vocabulary);
      case "gpt2" -> gpt2(seed, layers, vocabulary);
      case "gpt_neox" -> gptNeox(seed, layers, vocabulary);
      case "gemma" -> gemma(seed, layers, vocabulary);
      default -> throw new IllegalArgumentException("no tiny model of family " + family);
    };
  }

  public Decoder decoder() {
    return decoder;
  }

  public Architecture architecture() {
    return architecture;
  }

  /** A fresh copy of the parameter {@code name} in float64, in the caller's scope. */
  public Tensor parameter(String name) {
    Array array = arrays.get(name);
    if (array == null) {
      throw new IllegalArgumentException("no parameter " + name + " among " + arrays.keySet());
    }
    return Placement.cpu(Precision.FLOAT64).tensor(array.values, array.shape);
  }

  /** Whether there is a parameter of this name. */
  public boolean has(String name) {
    return arrays.containsKey(name);
  }

  @Override
  public void close() {
    weights.close();
  }

  /** Makes each parameter when it is first read. */
  private final class Source implements ParameterSource {
    private final ParameterLayout layout;

    Source(ParameterLayout layout) {
      this.layout = layout;
    }

    @Override
    public boolean has(String name) {
      // Whatever is asked for is made, but a copy of a tied embedding.
      return !name.endsWith(layout.names().unembedding() + ".weight");
    }

    @Override
    public Tensor read(String name, long... shape) {
      Array array = arrays.computeIfAbsent(name, key -> draw(key, shape));
      return placement.tensor(array.values, shape);
    }

    private Array draw(String name, long[] shape) {
      int size = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
      boolean gain = shape.length == 1 && name.endsWith(".weight") && !layout.offsetGains();
      double[] values = new double[size];
      Arrays.setAll(values, i -> (gain ? 1 : 0) + 0.5 * random.nextGaussian());
      return new Array(values, shape.clone());
    }
  }
}
