package dev.cotrace.model;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;

/**
 * A random model of a few hundred parameters, in float64 and with Hugging Face's names, small
 * enough for its sequences to be listed.
 */
public final class TinyModel implements AutoCloseable {
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
    ParameterSource source = new Source();
    weights =
        new Weights(
            placement,
            () ->
                architecture.family().equals("llama")
                    ? ParameterNames.llama(source, architecture)
                    : ParameterNames.gpt2(source, architecture));
    decoder = new Decoder(architecture, weights);
  }

  /** A llama with two query heads on one key/value head. */
  public static TinyModel llama(long seed, int layers, int vocabulary) {
    return llama(seed, layers, vocabulary, Precision.FLOAT64);
  }

  /** A llama with two query heads on one key/value head, at {@code precision}. */
  public static TinyModel llama(long seed, int layers, int vocabulary, Precision precision) {
    return new TinyModel(
        new Architecture(
            "llama",
            layers,
            2,
            1,
            4,
            8,
            12,
            vocabulary,
            32,
            false,
            1e-5,
            Architecture.Activation.SILU,
            true,
            Rotary.of(100, 4),
            false,
            Set.of()),
        seed,
        Placement.cpu(precision));
  }

  /** A gpt2 with two heads. */
  public static TinyModel gpt2(long seed, int layers, int vocabulary) {
    return new TinyModel(
        new Architecture(
            "gpt2",
            layers,
            2,
            2,
            4,
            8,
            16,
            vocabulary,
            32,
            true,
            1e-5,
            Architecture.Activation.GELU_TANH,
            false,
            Rotary.NONE,
            true,
            Set.of()),
        seed,
        Placement.cpu(Precision.FLOAT64));
  }

  /** A model of the named family. */
  public static TinyModel of(String family, long seed, int layers, int vocabulary) {
    return family.equals("llama")
        ? llama(seed, layers, vocabulary)
        : gpt2(seed, layers, vocabulary);
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
    @Override
    public boolean has(String name) {
      return name.endsWith(".bias") && architecture.family().equals("gpt2");
    }

    @Override
    public Tensor read(String name, long... shape) {
      Array array = arrays.computeIfAbsent(name, key -> draw(key, shape));
      return placement.tensor(array.values, shape);
    }

    private Array draw(String name, long[] shape) {
      int size = Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
      boolean gain = shape.length == 1 && name.endsWith(".weight");
      double[] values = new double[size];
      Arrays.setAll(values, i -> (gain ? 1 : 0) + 0.5 * random.nextGaussian());
      return new Array(values, shape.clone());
    }
  }
}
