package dev.cotrace.dictionary;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.format.Goldens;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Tensor;

/** What a dictionary's own library computed with it, in float64. */
record GoldenDictionary(Path folder, Safetensors file) implements AutoCloseable {
  /**
   * Float32 sums of some ten products in another order; the goldens' script has SAELens itself
   * agree with them to as much in float32.
   */
  static final double SINGLE = 1e-5;

  /** Only the order of sums differs. */
  static final double EXACT = 1e-12;

  static GoldenDictionary open(String name) throws IOException {
    Path folder = folder(name);
    return new GoldenDictionary(folder, Safetensors.open(folder.resolve("goldens.safetensors")));
  }

  static Path folder(String name) {
    return Goldens.file("dictionaries/" + name);
  }

  /** In the caller's scope. */
  Tensor tensor(String name, Placement placement) {
    return placement.tensor(values(name), file.tensor(name).shape());
  }

  double[] values(String name) {
    StoredTensor tensor = file.tensor(name);
    double[] values = new double[Math.toIntExact(tensor.elements())];
    tensor.decode(0, values);
    return values;
  }

  /** Tolerances are relative to the largest absolute value of what is expected. */
  static void assertClose(Tensor actual, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElse(1);
    assertThat(Placement.toDoubles(actual))
        .containsExactly(expected, Offset.offset(tolerance * Math.max(1, largest)));
  }

  @Override
  public void close() {
    file.close();
  }
}
