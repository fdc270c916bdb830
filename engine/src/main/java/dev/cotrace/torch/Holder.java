package dev.cotrace.torch;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Keeps one tensor alive across scopes until it is replaced or closed. */
public final class Holder implements AutoCloseable {
  private @Nullable Tensor held;

  /** An empty holder. */
  public Holder() {}

  /** A holder of {@code tensor}. */
  public Holder(Tensor tensor) {
    set(tensor);
  }

  /** Holds {@code tensor} instead of what was held before. */
  public void set(Tensor tensor) {
    tensor.retainReference();
    close();
    held = tensor;
  }

  /** Whether a tensor is held. */
  public boolean isSet() {
    return held != null;
  }

  /** The held tensor; fails when there is none. */
  public Tensor get() {
    if (held == null) {
      throw new IllegalStateException("nothing is held: the tensor was never set or is closed");
    }
    return held;
  }

  @Override
  public void close() {
    if (held != null) {
      held.releaseReference();
      held = null;
    }
  }
}
