package dev.cotrace.truth;

import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Method;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Task;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * EAP-IG's inputs on one forward pass: chains of thought that were sampled before stand in the
 * prompts, and the answer alone is looked at.
 *
 * @param words which ones stand in the corrupted prompts
 */
record FinalToken(Words words) implements Contender {
  /** Whose chain of thought a corrupted prompt goes on with. */
  enum Words {
    /** That of the clean prompt. */
    SAME,
    /** One sampled from the corrupted prompt. */
    OWN;

    /** The task of {@code trial} with its words in the prompts. */
    Task task(Trial trial) {
      List<PromptPair> pairs = trial.pairs();
      int[][] clean = trial.thoughts(pairs.stream().map(PromptPair::clean).toList(), trial.seed());
      int[][] corrupted =
          switch (this) {
            case SAME -> clean;
            case OWN ->
                trial.thoughts(pairs.stream().map(PromptPair::corrupted).toList(), ~trial.seed());
          };
      List<PromptPair> written = new ArrayList<>();
      for (int i = 0; i < clean.length; i++) {
        PromptPair pair = pairs.get(i);
        written.add(
            new PromptPair(
                pair.id(),
                joined(pair.clean(), clean[i]),
                joined(pair.corrupted(), corrupted[i]),
                pair.answer(),
                pair.wrong()));
      }
      Task given = trial.experiment().task();
      Sampling sampling =
          new Sampling(
              given.sampling().temperature(),
              /* maxNewTokens= */ 0,
              given.sampling().endTokens(),
              given.sampling().stop(),
              given.sampling().answerPrefix());
      return new Task(written, sampling, given.outcomes());
    }
  }

  @Override
  public String name() {
    return "final-token-" + words.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Found find(Trial trial, RunListener listener) throws IOException {
    Map<String, String> flags = Map.of("method", Method.EAP_IG_INPUTS.label());
    Workload work = trial.workload(words.task(trial), flags);
    return Found.of(new IntegratedGradient(work, listener).attribute());
  }

  static int[] joined(int[] prompt, int[] thought) {
    int[] ids = Arrays.copyOf(prompt, prompt.length + thought.length);
    System.arraycopy(thought, 0, ids, prompt.length, thought.length);
    return ids;
  }
}
