package dev.cotrace.truth;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.MagnitudeScores;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import java.io.IOException;
import java.util.Map;

/** How far the outputs of an edge's source lie apart: no gradient. */
record Magnitude() implements Contender {
  @Override
  public String name() {
    return "magnitude";
  }

  @Override
  public Found find(Trial trial, RunListener listener) throws IOException {
    Workload work = trial.workload(Map.of());
    Evaluation ends = new Evaluation(work, listener, /* keeps= */ true);
    return Found.of(MagnitudeScores.of(work, ends));
  }
}
