package dev.cotrace;

import dev.cotrace.model.Model;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcome;
import dev.cotrace.rollout.OutcomeTerm;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.task.External;
import dev.cotrace.task.Judge;
import dev.cotrace.task.OutcomeLibrary;
import dev.cotrace.task.OutcomeSettings;
import dev.cotrace.task.TaskFile;
import dev.cotrace.task.TextCodec;
import dev.cotrace.torch.Placement;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** From a specification to the outcomes of its objective. */
final class SpecOutcomes {
  private SpecOutcomes() {}

  /** Refuses, before anything is loaded, what cannot work. */
  static void check(DiscoverySpec spec, TaskFile file) {
    Objective objective = spec.objective();
    if (hasJudge(spec)) {
      spec.outcomes().requireJudge(file.pairs());
    }
    if (objective.has(OutcomeTerm.EXTERNAL)) {
      spec.outcomes().requireExternal();
    }
  }

  /** Whether a second model judges. */
  static boolean hasJudge(DiscoverySpec spec) {
    return spec.objective().has(OutcomeTerm.JUDGE);
  }

  /**
   * Loads and starts what the objective needs; the caller closes it.
   *
   * @param log hears what programs write to their standard error, on threads of their own
   */
  static Outcomes bind(
      DiscoverySpec spec,
      @Nullable TextCodec codec,
      DiscoveryListener listener,
      Consumer<String> log)
      throws IOException {
    return new OutcomeLibrary(
            codec,
            spec.sampling().answerMarker(),
            () -> judge(spec, listener),
            () -> new External(spec.outcomes(), log))
        .bind(spec.objective());
  }

  private static Outcome judge(DiscoverySpec spec, DiscoveryListener listener) throws IOException {
    OutcomeSettings settings = spec.outcomes();
    listener.say("loading the judge %s".formatted(settings.judgeModel()));
    Placement placement = new Placement(spec.dtype(), spec.device());
    Model model = ModelSource.find(settings.judgeModel()).load(placement);
    try {
      TextCodec codec = ModelText.of(model, ModelText.day(spec));
      if (codec == null) {
        throw new IllegalArgumentException(
            "--judge-model %s has no tokenizer, so it cannot be shown a transcript"
                .formatted(settings.judgeModel()));
      }
      return new Judge(model.decoder(), codec, settings, model::close);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }
}
