package dev.cotrace.attribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import dev.cotrace.attribution.MemoryPlan.Purpose;
import dev.cotrace.attribution.MemoryPrediction.Phase;
import dev.cotrace.attribution.Settings.Backward;
import dev.cotrace.gate.Footprint;
import dev.cotrace.model.Architecture;
import dev.cotrace.model.Rotary;
import dev.cotrace.model.TinyModel;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Plans for made-up models on made-up machines, and what a plan may not change. */
class MemoryPlanTest {
  private static final int GROUP = 8;

  /** A model of the shape of SmolLM2-135M. */
  private static final Footprint MODEL =
      Footprint.of(
          Architecture.llama(
              Architecture.Attention.plain(30, 9, 3, 64, Rotary.of(1e5, 64)),
              576,
              1536,
              49152,
              2048,
              1e-5,
              true,
              Set.of()),
          Placement.cpu(Precision.FLOAT32));

  private static RunShape shape(int prompt, int budget, int bins, int cotangents) {
    return new RunShape(
        32, prompt, budget, 1, 4, true, 2, false, bins, GROUP, GROUP, 480, cotangents, 1, false);
  }

  private static final RunShape SHAPE = shape(40, 64, 0, 2);

  private static Settings settings(int rows, int threads) {
    return new Settings(
        Settings.Estimator.SAMPLED, GROUP, 1, Quadrature.MIDPOINT, 15, rows, threads, 0);
  }

  private static long total(RunShape shape, Layout layout, Phase phase) {
    return MemoryPrediction.of(MODEL, shape, settings(64, 4), layout, Stream.of(phase)).total();
  }

  private static Layout layout(int rows, int threads) {
    return new Layout(rows, threads, Backward.RECORDED, 0);
  }

  private static MemoryPlan plan(Settings settings, long allowed) {
    return MemoryPlan.of(MODEL, SHAPE, settings, Purpose.DISCOVERY, allowed);
  }

  @ParameterizedTest
  @EnumSource(Phase.class)
  void moreOfAnythingTakesNoLess(Phase phase) {
    long one = total(SHAPE, layout(16, 1), phase);
    assertThat(total(SHAPE, layout(32, 1), phase)).as("rows").isGreaterThanOrEqualTo(one);
    assertThat(total(SHAPE, layout(16, 2), phase)).as("threads").isGreaterThan(one);
    assertThat(total(shape(80, 64, 0, 2), layout(16, 1), phase)).as("prompt").isGreaterThan(one);
    assertThat(total(shape(40, 128, 0, 2), layout(16, 1), phase)).as("budget").isGreaterThan(one);
    assertThat(total(shape(40, 64, 9, 2), layout(16, 1), phase)).as("bins").isGreaterThan(one);
    assertThat(total(shape(40, 64, 0, 4), layout(16, 1), phase))
        .as("cotangents")
        .isGreaterThanOrEqualTo(one);
  }

  @Test
  void asMuchAsIsAskedIsDoneWhereThereIsRoom() {
    MemoryPlan plan = plan(settings(64, 4), 1L << 45);
    assertThat(plan.layout())
        .isEqualTo(new Layout(64, 4, Backward.RECORDED, Layout.RECORDED_AT_ONCE));
  }

  /** Less and less memory: a mode, then rows, then threads, and in the end nothing. */
  @Test
  void whatFitsIsChosenInOrder() {
    Settings asked = settings(64, 2);
    long allowed = plan(asked, 1L << 45).prediction().total();
    int threads = 2;
    int rows = 64;
    boolean refused = false;
    while (!refused) {
      try {
        MemoryPlan plan = plan(asked, allowed);
        Layout layout = plan.layout();
        assertThat(plan.prediction().total()).isLessThanOrEqualTo(allowed);
        assertThat(layout.threads()).isLessThanOrEqualTo(threads);
        if (layout.threads() == threads) {
          assertThat(layout.batchRows()).isLessThanOrEqualTo(rows);
        }
        assertThat(layout.batchRows()).isGreaterThanOrEqualTo(GROUP);
        threads = layout.threads();
        rows = layout.batchRows();
        allowed = plan.prediction().total() - 1;
      } catch (IllegalArgumentException e) {
        refused = true;
      }
    }
    assertThat(threads).isEqualTo(1);
    assertThat(rows).isEqualTo(GROUP);
  }

  @Test
  void theBackwardPassThatIsAskedForIsKept() {
    for (Backward backward : List.of(Backward.RECORDED, Backward.RECOMPUTE)) {
      Settings asked = settings(64, 2).with(backward);
      assertThat(plan(asked, 1L << 45).layout().backward()).isEqualTo(backward);
      long least = plan(settings(64, 2), 1L << 45).prediction().total() / 2;
      assertThat(plan(asked, least).layout().backward()).isEqualTo(backward);
    }
  }

  @Test
  void aRunThatCannotFitIsRefusedWithWhatHelps() {
    assertThatThrownBy(() -> plan(settings(64, 2), 1_300_000_000))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("the run needs at least")
        .hasMessageContaining("8 rollouts at a time, 1 thread, --backward recompute")
        .hasMessageContaining("1.3 GB")
        .hasMessageContaining("--memory")
        .hasMessageContaining("--max-new-tokens");
  }

  @Test
  void measuringWritesDownOnlyWhatTheLogitsRead() {
    for (Phase phase : List.of(Phase.ENDS, Phase.CIRCUIT)) {
      assertThat(batch(phase).backward()).isZero();
      // Of the reads and writes of 30 layers, and of the input and the logits, one.
      assertThat((30 * 4 + 2) * batch(phase).tape()).isEqualTo(batch(Phase.GRADIENT).tape());
    }
  }

  private static MemoryPrediction.Batch batch(Phase phase) {
    return MemoryPrediction.of(MODEL, SHAPE, settings(64, 1), layout(64, 1), Stream.of(phase))
        .batch();
  }

  @Test
  void layoutsChangeNoScore() {
    try (TinyModel model = TinyModel.of("llama", 3, 2, 4)) {
      Workload work =
          Tiny.work(model, Tiny.task(5, Tiny.PAIRS), "answer-prob", Tiny.sampled(4, 2, 24, 5));
      double[] asked = scores(work);
      double scale = Arrays.stream(asked).map(Math::abs).max().orElseThrow();
      for (Layout layout :
          List.of(
              new Layout(4, 1, Backward.RECORDED, 0),
              new Layout(8, 2, Backward.RECOMPUTE, 0),
              new Layout(4, 1, Backward.RECOMPUTE, Layout.RECORDED_AT_ONCE))) {
        assertThat(scores(work.with(layout))).containsExactly(asked, offset(1e-10 * scale));
      }
    }
  }

  private static double[] scores(Workload work) {
    return new IntegratedGradient(work, RunListener.SILENT).attribute().total().values();
  }
}
