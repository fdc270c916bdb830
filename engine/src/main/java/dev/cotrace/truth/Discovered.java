package dev.cotrace.truth;

import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
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
    Map<String, String> flags = Map.of("method", method.label());
    Attribution scores = new IntegratedGradient(trial.workload(flags), listener).attribute();
    // Parts of scores that know nothing have no right place.
    return method == Method.RANDOM ? Found.of(scores.total()) : Found.of(scores);
  }
}
