package dev.cotrace.model;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import dev.cotrace.format.TensorFile;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Scope;
import dev.cotrace.torch.ShapeMismatchException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;
import org.bytedeco.pytorch.Tensor;

/**
 * The parameters of an opened model file, brought to a placement one by one.
 *
 * <p>A file that is mostly in the placement's precision, on the CPU, is not copied: its tensors are
 * the mapped file itself. Everything else is decoded in pieces, so that the Java heap never holds
 * more than one of them.
 */
final class FileParameterSource implements ParameterSource {
  /** Elements decoded at a time: a multiple of every quantised block, small enough for a cache. */
  private static final int PIECE = 1 << 16;

  private final TensorFile file;
  private final Placement placement;
  private final StoredType placed; // the placement's precision, as files call it
  private final boolean sharesMemory;
  private final Set<String> read = new HashSet<>();

  FileParameterSource(TensorFile file, Placement placement) {
    this.file = file;
    this.placement = placement;
    placed =
        switch (placement.precision()) {
          case FLOAT64 -> StoredType.F64;
          case FLOAT32 -> StoredType.F32;
          case BFLOAT16 -> StoredType.BF16;
        };
    sharesMemory = placement.isCpu() && 2 * bytes(t -> t.type() == placed) > bytes(_ -> true);
  }

  private long bytes(Predicate<StoredTensor> chosen) {
    return file.tensors().values().stream()
        .filter(chosen)
        .mapToLong(tensor -> tensor.bytes().byteSize())
        .sum();
  }

  TensorFile file() {
    return file;
  }

  Placement placement() {
    return placement;
  }

  /** Whether parameters lie in the mapped file, so that it must stay open as long as they live. */
  boolean sharesMemory() {
    return sharesMemory;
  }

  @Override
  public boolean has(String name) {
    return file.tensors().containsKey(name);
  }

  @Override
  public Tensor read(String name, long... shape) {
    StoredTensor stored = file.tensor(name);
    read.add(name);
    if (!Arrays.equals(stored.shape(), shape)) {
      throw new ShapeMismatchException(name + " of " + file.path(), shape, stored.shape());
    }
    if (!stored.type().floating() && !stored.type().quantised()) {
      throw new MalformedModelException(
          file.path(),
          0,
          "expected tensor %s to hold real numbers, got %s".formatted(name, stored.type()));
    }
    try (Scope scope = new Scope()) {
      Tensor tensor =
          canShare(stored) ? placement.over(stored.bytes(), shape) : decode(stored, shape);
      requireFinite(name, tensor);
      return scope.keep(tensor);
    }
  }

  /**
   * Refuses a file with parameters that nobody has read: without them it would be another model.
   *
   * @param ignored names that are known to carry nothing
   */
  void requireAllRead(String family, Predicate<String> ignored) {
    for (String name : file.tensors().keySet()) {
      if (!read.contains(name) && !ignored.test(name)) {
        throw new MalformedModelException(
            file.path(),
            0,
            "expected only parameters of a %s model, got %s, which has no place in one"
                .formatted(family, name));
      }
    }
  }

  private boolean canShare(StoredTensor stored) {
    return sharesMemory
        && stored.type() == placed
        && stored.bytes().address() % placement.precision().bytes() == 0;
  }

  private Tensor decode(StoredTensor stored, long[] shape) {
    Tensor tensor = placement.empty(shape);
    for (long first = 0; first < stored.elements(); first += PIECE) {
      int count = (int) Math.min(PIECE, stored.elements() - first);
      if (stored.type() == StoredType.F64) {
        double[] piece = new double[count];
        stored.decode(first, piece);
        Placement.write(tensor, first, piece);
      } else {
        // Every other type is exact in float32.
        float[] piece = new float[count];
        stored.decode(first, piece);
        Placement.write(tensor, first, piece);
      }
    }
    return tensor;
  }

  /** The sum is cheap and not finite when any element is not; only then is each one looked at. */
  private void requireFinite(String name, Tensor tensor) {
    if (Double.isFinite(tensor.sum().item_double())) {
      return;
    }
    Tensor flat = tensor.view(-1);
    for (long first = 0; first < flat.size(0); first += PIECE) {
      try (Scope _ = new Scope()) {
        double[] piece =
            Placement.toDoubles(flat.narrow(0, first, Math.min(PIECE, flat.size(0) - first)));
        for (int i = 0; i < piece.length; i++) {
          if (!Double.isFinite(piece[i])) {
            throw new MalformedModelException(
                file.path(),
                0,
                "expected finite numbers in tensor %s, got %s as element %d at %s; the file is damaged or needs a wider precision"
                    .formatted(name, piece[i], first + i, placement.precision()));
          }
        }
      }
    }
  }
}
