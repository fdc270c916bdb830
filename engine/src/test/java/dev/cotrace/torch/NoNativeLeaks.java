package dev.cotrace.torch;

import java.util.Objects;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails every test, and every test class, that leaves another number of native objects than it
 * found.
 *
 * <p>Registered for all tests through {@code META-INF/services}. {@link Pointer#totalCount()}
 * counts what JavaCPP allocated and nobody freed; the count is exact as long as nothing is left to
 * the garbage collector, which is what this extension sees to: a class is measured around its
 * {@code @BeforeAll} and {@code @AfterAll}, a test around its {@code @BeforeEach} and
 * {@code @AfterEach}. So tensors belong in those methods or in the test, in a {@link Scope} or
 * closed, and not in field initialisers.
 */
public final class NoNativeLeaks
    implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
  @Override
  public void beforeAll(ExtensionContext context) {
    remember(context);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    remember(context);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    compare(context);
  }

  @Override
  public void afterAll(ExtensionContext context) {
    compare(context);
  }

  private static void remember(ExtensionContext context) {
    Torch.start(); // What it holds for good is nobody's leak.
    store(context).put(context.getUniqueId(), Pointer.totalCount());
  }

  private static void compare(ExtensionContext context) {
    long before = Objects.requireNonNull(store(context).get(context.getUniqueId(), Long.class));
    long after = Pointer.totalCount();
    if (after > before) {
      throw new AssertionError(
          "%s left %d native objects unfreed; close them or make them inside a Scope"
              .formatted(context.getDisplayName(), after - before));
    }
    if (after < before) {
      throw new AssertionError(
          "%s freed %d native objects that it did not make; make them in @BeforeEach or @BeforeAll, and free them in the method of the same level"
              .formatted(context.getDisplayName(), before - after));
    }
  }

  private static ExtensionContext.Store store(ExtensionContext context) {
    return context.getStore(ExtensionContext.Namespace.create(NoNativeLeaks.class));
  }
}
