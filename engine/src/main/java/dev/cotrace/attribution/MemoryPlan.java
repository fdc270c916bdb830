package dev.cotrace.attribution;

import dev.cotrace.attribution.MemoryPrediction.Phase;
import dev.cotrace.attribution.Settings.Backward;
import dev.cotrace.gate.Footprint;
import dev.cotrace.torch.ByteSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * How the work of a run is laid out, so that it fits into memory.
 *
 * @param layout of the work
 * @param prediction of what it takes
 * @param allowed what it may take, in bytes
 */
public record MemoryPlan(Layout layout, MemoryPrediction prediction, long allowed) {
  /** What a plan is made for. */
  public enum Purpose {
    /** A whole discovery. */
    DISCOVERY,
    /** Circuits, sampled from and at fixed tokens, with J(0) and J(1). */
    EVALUATION;

    private Stream<Phase> phases() {
      return switch (this) {
        case DISCOVERY -> Stream.of(Phase.SAMPLING, Phase.GRADIENT, Phase.ENDS, Phase.CIRCUIT);
        case EVALUATION -> Stream.of(Phase.ENDS, Phase.CIRCUIT, Phase.FIXED_TOKENS);
      };
    }
  }

  /**
   * The plan of {@code work}.
   *
   * @throws IllegalArgumentException when no layout fits
   */
  public static MemoryPlan of(Workload work, Purpose purpose, long allowed) {
    Footprint footprint = work.model().footprint();
    MemoryPlan plan = of(footprint, RunShape.of(work), work.settings(), purpose, allowed);
    HeapEstimate.of(work).require(plan.layout);
    return plan;
  }

  /**
   * The fastest layout that fits: as asked, recomputed, with fewer rows, with fewer threads, in
   * this order. Groups stay together, so no batch has fewer rows than a group.
   *
   * @throws IllegalArgumentException when none does
   */
  public static MemoryPlan of(
      Footprint footprint, RunShape shape, Settings settings, Purpose purpose, long allowed) {
    List<MemoryPlan> plans =
        layouts(shape, settings).stream()
            .map(layout ->
                new MemoryPlan(
                    layout,
                    MemoryPrediction.of(footprint, shape, settings, layout, purpose.phases()),
                    allowed))
            .toList();
    return plans.stream()
        .filter(MemoryPlan::fits)
        .findFirst()
        .orElseThrow(() -> plans.getLast().refusal());
  }

  /** Whether the prediction is within what is allowed. */
  public boolean fits() {
    return prediction.total() <= allowed;
  }

  private static List<Layout> layouts(RunShape shape, Settings settings) {
    List<Layout> layouts = new ArrayList<>();
    for (int threads = settings.threads(); threads >= 1; threads--) {
      int rows = Math.max(settings.batchRows(), 1);
      while (true) {
        for (Backward backward : modes(shape, settings.backward())) {
          layouts.add(new Layout(rows, threads, backward, Layout.RECORDED_AT_ONCE));
          layouts.add(new Layout(rows, threads, backward, 0));
        }
        if (rows <= shape.groupRows() || rows == 1) {
          break;
        }
        rows = Math.max(shape.groupRows(), rows / 2);
      }
    }
    return layouts;
  }

  /** Listed rollouts are not sampled, so nothing of them is recorded on the way. */
  private static List<Backward> modes(RunShape shape, Backward asked) {
    if (shape.listed()) {
      return List.of(Backward.RECOMPUTE);
    }
    return asked == Backward.AUTO ? List.of(Backward.RECORDED, Backward.RECOMPUTE) : List.of(asked);
  }

  private IllegalArgumentException refusal() {
    return new IllegalArgumentException(
        "the run needs at least %s (%d rollouts at a time, %d %s, --backward %s; %s for the model), but may take %s: lower --rollouts, --batch-rows, --max-new-tokens or --limit, use --dtype bfloat16 or --allot equal, or allow more with --memory"
            .formatted(
                ByteSize.text(prediction.total()),
                layout.batchRows(),
                layout.threads(),
                layout.threads() == 1 ? "thread" : "threads",
                layout.backward().name().toLowerCase(Locale.ROOT),
                ByteSize.text(prediction.process() + prediction.weights()),
                ByteSize.text(allowed)));
  }
}
