package dev.cotrace.truth;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.ExactEffects;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RandomScores;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Method;
import java.io.IOException;
import java.util.Map;

/** What {@code discover} finds by {@code method}. */
record Discovered(Method method) implements Contender {
  @Override
  public String name() {
    return method.label();
  }

  @Override
  public Found find(Trial trial, RunListener listener) throws IOException {
    Workload work = trial.workload(Map.of("method", method.label()));
    Evaluation ends = new Evaluation(work, listener, /* keeps= */ method == Method.EXACT);
    return switch (method) {
      case EXACT -> Found.of(new ExactEffects(work, ends).attribute());
      // Parts of scores that know nothing have no right place.
      case RANDOM -> Found.of(RandomScores.attribute(work, ends).total());
      case IG_GATES, EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, CLEAN_CORRUPTED, EAP ->
          Found.of(new IntegratedGradient(work, ends).attribute());
    };
  }
}
