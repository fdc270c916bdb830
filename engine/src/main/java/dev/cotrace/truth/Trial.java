package dev.cotrace.truth;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.Experiment;
import dev.cotrace.SpecYaml;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.Workload;
import dev.cotrace.rollout.PlainSampler;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Randomness;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Task;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A known model opened with pairs of its task, which all contenders are given.
 *
 * @param experiment with the settings of {@code discover}'s defaults
 * @param flags that it was opened with
 */
record Trial(Experiment experiment, Map<String, Object> flags) implements AutoCloseable {
  /** Opens what {@code flags} say, which are those of {@code discover}. */
  static Trial open(Map<String, Object> flags, DiscoveryListener listener) throws IOException {
    return new Trial(Experiment.open(SpecYaml.read(null, flags), listener), flags);
  }

  /** The task with the settings of {@code discover} under {@code more} flags. */
  Workload workload(Map<String, ?> more) throws IOException {
    return workload(experiment.task(), more);
  }

  /** Another task on the same model. */
  Workload workload(Task task, Map<String, ?> more) throws IOException {
    Map<String, Object> all = new HashMap<>(flags);
    all.putAll(more);
    Settings settings = SpecYaml.read(null, all).attribution();
    return new Workload(experiment.gated(), task, experiment.spec().objective(), settings);
  }

  List<PromptPair> pairs() {
    return experiment.task().pairs();
  }

  long seed() {
    return experiment.spec().attribution().seed();
  }

  /**
   * Chains of thought of the model.
   *
   * @param prompts of equal length
   * @return that of each prompt
   */
  int[][] thoughts(List<int[]> prompts, long ownSeed) {
    Sampling sampling = experiment.task().sampling();
    PlainSampler sampler =
        new PlainSampler(
            experiment.gated().decoder(), sampling.temperature(), new Randomness(ownSeed));
    return sampler.sample(prompts, 1, sampling.maxNewTokens());
  }

  @Override
  public void close() {
    experiment.close();
  }
}
