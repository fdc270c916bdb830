package dev.cotrace.attribution;

import dev.cotrace.circuit.Method;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.model.TinyModel;
import dev.cotrace.rollout.LawOutcomes;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.StopRule;
import dev.cotrace.rollout.Task;
import java.util.List;
import java.util.Set;

/** Enumerable tasks for the laws: ids 0 to 3, where 3 ends a rollout. */
final class Tiny {
  static final List<PromptPair> PAIRS =
      List.of(
          new PromptPair(
              "a", new int[] {1, 2, 0}, new int[] {1, 3, 0}, new int[] {2}, new int[] {1}),
          new PromptPair(
              "b", new int[] {2, 2, 0, 1}, new int[] {0, 2, 0, 1}, new int[] {0}, new int[] {1}),
          new PromptPair("c", new int[] {3, 1}, new int[] {1, 1}, new int[] {1}, new int[] {0}));

  /** Of every outcome term that the laws' objectives have. */
  static final Outcomes OUTCOMES =
      LawOutcomes.of(Objective.parse("exact-match + contains(\"0\") + contains(\"1 0\")"));

  private Tiny() {}

  static Task task(int newTokens, List<PromptPair> pairs) {
    Sampling sampling = new Sampling(1, newTokens, Set.of(3), StopRule.NEVER, new int[] {1});
    return new Task(pairs, sampling, OUTCOMES);
  }

  static Workload work(TinyModel model, Task task, String objective, Settings settings) {
    return new Workload(GatedModel.of(model.decoder()), task, Objective.parse(objective), settings);
  }

  static Settings enumerate(Quadrature quadrature, int points) {
    return new Settings(Settings.Estimator.ENUMERATE, 2, 1, quadrature, points, 64, 1, 1);
  }

  static Settings sampled(int rollouts, int repeats, int batchRows, long seed) {
    return new Settings(
        Settings.Estimator.SAMPLED, rollouts, repeats, Quadrature.LEFT, 2, batchRows, 1, seed);
  }

  /** The same settings for {@code method}, with the only rule of methods that have only one. */
  static Settings by(Method method, Settings given) {
    Steps steps =
        switch (method) {
          case CLEAN_CORRUPTED, EAP -> Steps.of(method);
          case IG_GATES, EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, EXACT, RANDOM ->
              new Steps(given.quadrature(), given.points());
        };
    return new Settings(
        method,
        given.estimator(),
        given.baseline(),
        given.rollouts(),
        given.repeats(),
        steps.quadrature(),
        steps.points(),
        given.allot(),
        given.branchTop(),
        given.branchRest(),
        given.branchMost(),
        given.until(),
        given.ranking(),
        given.backward(),
        given.batchRows(),
        given.threads(),
        given.seed());
  }
}
