package dev.cotrace.torch;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Starts libtorch with the limits and threads that this program needs, and wraps its
 * vector-Jacobian product.
 */
public final class Torch {
  static {
    // JavaCPP's default limits are multiples of the Java heap: a real model would throw
    // OutOfMemoryError.
    System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
    System.setProperty("org.bytedeco.javacpp.maxBytes", "0");
    Loader.load(torch.class);
    PackedMatrix.start();
  }

  /** Longer than anything that OpenBLAS says of itself. */
  private static final int MOST_TEXT = 4096;

  private Torch() {}

  /** Loads the native libraries; later calls do nothing. */
  public static void start() {
    // The static initialiser does the work.
  }

  /**
   * Sets the number of threads that one computation of libtorch uses when the calling thread asks
   * for it. Products that it leaves to OpenBLAS take as many as the environment says ({@link
   * #blasThreads}).
   */
  public static void threads(int count) {
    torch.set_num_threads(count);
  }

  /** The number of threads libtorch computes with. */
  public static int threads() {
    return torch.get_num_threads();
  }

  /** The number of threads that one matrix product takes in OpenBLAS; empty with another BLAS. */
  public static OptionalInt blasThreads() {
    return SymbolLookup.loaderLookup().find("openblas_get_num_threads").stream()
        .mapToInt(Torch::number)
        .findFirst();
  }

  /**
   * The BLAS library that matrix products go to, with its version and the processor's kernels that
   * it chose, such as {@code OpenBLAS 0.3.31 … SkylakeX}; empty when it is another one.
   */
  public static String blas() {
    return SymbolLookup.loaderLookup().find("openblas_get_config").map(Torch::text).orElse("");
  }

  /** What a C function without parameters counts. */
  private static int number(MemorySegment function) {
    try {
      return (int)
          Linker.nativeLinker()
              .downcallHandle(function, FunctionDescriptor.of(ValueLayout.JAVA_INT))
              .invokeExact();
    } catch (Throwable e) {
      throw new AssertionError("a call of C throws nothing", e);
    }
  }

  /** What a C function without parameters says. */
  private static String text(MemorySegment function) {
    try {
      MemorySegment text =
          (MemorySegment)
              Linker.nativeLinker()
                  .downcallHandle(function, FunctionDescriptor.of(ValueLayout.ADDRESS))
                  .invokeExact();
      return text.reinterpret(MOST_TEXT).getString(0);
    } catch (Throwable e) {
      throw new AssertionError("a call of C throws nothing", e);
    }
  }

  /**
   * Gives memory that is free back to the system, where the C library would keep it: glibc has
   * several heaps, and what one thread has freed is of no use to a thread of another heap.
   */
  public static void releaseFreeMemory() {
    Linker linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("malloc_trim")
        .map(function ->
            linker.downcallHandle(
                function,
                FunctionDescriptor.of(
                    ValueLayout.JAVA_INT, linker.canonicalLayouts().get("size_t"))))
        .ifPresent(function -> {
          try {
            function.invoke(0);
          } catch (Throwable e) {
            throw new AssertionError("a call of C throws nothing", e);
          }
        });
  }

  /**
   * Ends the work of an interrupted thread; called between steps, where no native call is running.
   *
   * @throws CancellationException when this thread was interrupted
   */
  public static void checkInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted between two steps");
    }
  }

  /**
   * The vector-Jacobian product {@code cotangentᵀ · ∂output/∂inputs}, one tensor an input, in the
   * caller's scope.
   *
   * @param keepGraph whether the graph of {@code output} is needed again
   */
  public static Tensor[] pullBack(
      Tensor output, Tensor cotangent, boolean keepGraph, Tensor... inputs) {
    TensorVector gradients =
        torch.grad(
            new TensorVector(output),
            new TensorVector(inputs),
            new TensorVector(cotangent),
            new BoolOptional(keepGraph),
            /* createGraph= */ false,
            /* allowUnused= */ false);
    // Elements of the vector are borrowed from it: each result is a handle of its own.
    Tensor[] results = new Tensor[inputs.length];
    Arrays.setAll(results, i -> new Tensor(gradients.get(i)));
    return results;
  }
}
