package dev.cotrace.model;

import dev.cotrace.torch.ShapeMismatchException;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Parameters that are in memory already, handed out as they are. */
record NamedTensors(Map<String, Tensor> tensors) implements ParameterSource {
  @Override
  public boolean has(String name) {
    return tensors.containsKey(name);
  }

  @Override
  public Tensor read(String name, long... shape) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "expected a parameter %s, got only %s".formatted(name, tensors.keySet()));
    }
    long[] actual = tensor.sizes().vec().get();
    if (!Arrays.equals(actual, shape)) {
      throw new ShapeMismatchException(name, shape, actual);
    }
    return tensor;
  }
}
