package dev.cotrace.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * A matrix copied into the order in which oneDNN's kernels read it.
 *
 * <p>OpenBLAS copies a matrix into such an order within every product, which for a few rows takes
 * longer than the product itself: with 8 rows it is four times slower, with 64 still by half
 * (docs/performance.md). There is no gradient through these products.
 */
public final class PackedMatrix {
  private static final OperatorHandle PACK = operator("mkldnn::_reorder_linear_weight");
  private static final OperatorHandle MULTIPLY = operator("mkldnn::_linear_pointwise");
  private static final IValue NOTHING = kept(new IValue());
  private static final IValue NO_ACTIVATION = kept(new IValue("none"));
  private static final IValue NO_SCALARS = noScalars();

  private final Tensor memory;

  private PackedMatrix(Tensor memory) {
    this.memory = memory;
  }

  /** Looks the operators up; later calls do nothing. */
  static void start() {
    // The static initialiser does the work.
  }

  /**
   * {@code matrix [out, in]} so copied, in the caller's scope; null where there is no such layout:
   * in float64 and off the CPU.
   */
  public static @Nullable PackedMatrix of(Tensor matrix, Placement placement) {
    return isFor(placement) ? new PackedMatrix(call(PACK, new IValue(matrix), NOTHING)) : null;
  }

  /** Whether there is such a layout at {@code placement}. */
  public static boolean isFor(Placement placement) {
    boolean known = placement.isCpu() && placement.precision() != Precision.FLOAT64;
    return known && torch.hasMKLDNN();
  }

  /** The copy itself; only for whoever keeps it alive. */
  public Tensor memory() {
    return memory;
  }

  /**
   * {@code x Wᵀ + b} over the last dimension of {@code x [..., in]}, in the caller's scope.
   *
   * @param bias b {@code [out]}
   */
  public Tensor times(Tensor x, @Nullable Tensor bias) {
    return call(
        MULTIPLY,
        new IValue(x.contiguous()),
        new IValue(memory),
        bias == null ? NOTHING : new IValue(bias),
        NO_ACTIVATION,
        NO_SCALARS,
        NOTHING);
  }

  private static Tensor call(OperatorHandle operator, IValue... arguments) {
    IValueVector stack = new IValueVector(arguments);
    operator.callBoxed(stack);
    return new Tensor(stack.get(0).toTensor());
  }

  private static OperatorHandle operator(String name) {
    return kept(Dispatcher.singleton().findSchemaOrThrow(name, ""));
  }

  /** An empty list of the type that the operator's fifth argument has. */
  private static IValue noScalars() {
    try (Scope _ = new Scope()) {
      Argument scalars = MULTIPLY.schema().arguments().getPointer(Argument.class, 4);
      Type.TypePtr type = scalars.type().get().containedType(0);
      return kept(new IValue(new GenericList(type)));
    }
  }

  private static <T extends Pointer> T kept(T pointer) {
    return pointer.retainReference();
  }
}
