package dev.cotrace.truth;

import dev.cotrace.Pruning.By;
import dev.cotrace.attribution.Acdc;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.LearnedMask;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import java.io.IOException;
import java.util.Map;

/** What {@code prune} keeps, one way or the other: it is not told how many edges are true. */
record Pruned(By by) implements Contender {
  private static final double KEPT = 0.1; // of all edges
  private static final int STEPS = 400;
  private static final double RATE = 0.1;
  private static final double THRESHOLD = 0.01;

  @Override
  public String name() {
    return by.label();
  }

  @Override
  public Found find(Trial trial, RunListener listener) throws IOException {
    Workload work = trial.workload(Map.of());
    return switch (by) {
      case LEARNED_MASK -> {
        int edges = Math.toIntExact(Math.round(KEPT * work.model().graph().edgeCount()));
        LearnedMask.Settings settings = new LearnedMask.Settings(edges, STEPS, RATE);
        Evaluation ends = new Evaluation(work, listener);
        yield Found.of(new LearnedMask(work, ends, settings, RunListener.SILENT).learn().scores());
      }
      case ACDC -> {
        Evaluation ends = new Evaluation(work, RunListener.SILENT);
        yield Found.of(new Acdc(work, ends, THRESHOLD, RunListener.SILENT).search().scores());
      }
    };
  }
}
