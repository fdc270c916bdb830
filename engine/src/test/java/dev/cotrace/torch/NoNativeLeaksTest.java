package dev.cotrace.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.util.List;
import org.bytedeco.javacpp.LongPointer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;

/**
 * Runs planted classes as Surefire runs ours: nothing but {@code META-INF/services} names the
 * extension.
 */
class NoNativeLeaksTest {
  /**
   * Outlives a planted class, so that what it leaked can be freed here, and what it freed be made
   * here.
   */
  private static LongPointer shared = new LongPointer();

  @Test
  void testsThatFreeWhatTheyMakePass() {
    assertThat(failures(Tidy.class)).isEmpty();
  }

  @Test
  void aTestThatLeaksFails() {
    List<String> failures = failures(LeakingTest.class);
    shared.close();

    assertThat(failures)
        .contains("leaks() left 1 native objects unfreed; close them or make them inside a Scope");
  }

  @Test
  void aClassThatLeaksFails() {
    List<String> failures = failures(LeakingClass.class);
    shared.close();

    assertThat(failures)
        .singleElement()
        .asString()
        .contains("LeakingClass left 1 native objects unfreed");
  }

  @Test
  void aTestThatFreesWhatItDidNotMakeFails() {
    shared = new LongPointer(1);
    List<String> failures = failures(Freeing.class);

    assertThat(failures)
        .element(0)
        .asString()
        .startsWith("frees() freed 1 native objects that it did not make");
  }

  /** The messages of all failures, those of tests before those of classes. */
  private static List<String> failures(Class<?> planted) {
    return EngineTestKit.engine("junit-jupiter")
        .enableImplicitConfigurationParameters(true)
        .selectors(selectClass(planted))
        .execute()
        .allEvents()
        .failed()
        .stream()
        .flatMap(event -> event.getPayload(TestExecutionResult.class).stream())
        .flatMap(result -> result.getThrowable().stream())
        .map(Throwable::getMessage)
        .toList();
  }

  static final class Tidy {
    private static LongPointer ofTheClass = new LongPointer();
    private LongPointer ofTheTest = new LongPointer();

    @BeforeAll
    static void make() {
      ofTheClass = new LongPointer(1);
    }

    @BeforeEach
    void makeOne() {
      ofTheTest = new LongPointer(1);
    }

    @Test
    void usesBoth() {
      try (Scope _ = new Scope()) {
        new LongPointer(1).put(ofTheTest.get() + ofTheClass.get());
      }
    }

    @AfterEach
    void freeOne() {
      ofTheTest.close();
    }

    @AfterAll
    static void free() {
      ofTheClass.close();
    }
  }

  static final class LeakingTest {
    @Test
    void leaks() {
      shared = new LongPointer(1);
    }
  }

  static final class LeakingClass {
    @BeforeAll
    static void leaks() {
      shared = new LongPointer(1);
    }

    @Test
    void isInnocent() {
      assertThat(shared.isNull()).isFalse();
    }
  }

  static final class Freeing {
    @Test
    void frees() {
      shared.close();
    }
  }
}
