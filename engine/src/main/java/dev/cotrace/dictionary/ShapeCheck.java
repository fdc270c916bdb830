package dev.cotrace.dictionary;

import dev.cotrace.torch.ShapeMismatchException;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** The check of what comes in at the door. */
final class ShapeCheck {
  private ShapeCheck() {}

  /**
   * Refuses a tensor that is not {@code [rows, width]}.
   *
   * @param path of the dictionary, for the error
   */
  static void require(String what, Path path, Tensor tensor, long rows, long width) {
    long[] shape = new long[Math.toIntExact(tensor.dim())];
    Arrays.setAll(shape, tensor::size);
    long[] expected = {rows, width};
    if (!Arrays.equals(shape, expected)) {
      throw new ShapeMismatchException(
          "%s of the dictionary %s".formatted(what, path), expected, shape);
    }
  }
}
