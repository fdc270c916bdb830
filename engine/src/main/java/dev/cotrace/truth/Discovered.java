package dev.cotrace.truth;

import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import java.io.IOException;
import java.util.Map;

/**
 * What {@code discover} finds.
 *
 * @param flags it is given
 */
record Discovered(String name, Map<String, String> flags) implements Contender {
  @Override
  public Found find(Trial trial, RunListener listener) throws IOException {
    return Found.of(new IntegratedGradient(trial.workload(flags), listener).attribute());
  }
}
