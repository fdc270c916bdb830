package dev.cotrace.torch;

import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.jspecify.annotations.Nullable;

/**
 * Frees every tensor made inside it on this thread, except those handed to {@link #keep}.
 *
 * <p>One scope per step that a reader would name: a layer, a decode step, a batch of rollouts. A
 * method that returns a tensor either keeps it in its own scope or says that it runs in the
 * caller's. Only weights, caches and gates outlive the scopes of a run.
 */
public final class Scope implements AutoCloseable {
  private final @Nullable PointerScope outer = PointerScope.getInnerScope();
  private final PointerScope own = new PointerScope();

  /** Opens a scope nested in the current one, if any. */
  public Scope() {}

  /**
   * Moves {@code pointer} to the enclosing scope; with none, the caller owns it and must close it.
   */
  public <T extends Pointer> T keep(T pointer) {
    if (outer != null) {
      outer.attach(pointer);
    } else {
      pointer.retainReference();
    }
    return pointer;
  }

  @Override
  public void close() {
    own.close();
  }
}
