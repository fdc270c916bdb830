package dev.cotrace.attribution;

import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.gate.Corruption;
import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.rollout.Bins;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Sampling;
import dev.cotrace.rollout.Task;
import java.util.List;

/**
 * What a model, a task and settings have to fulfil together, so that a run says at its start and
 * not in its middle what is wrong.
 */
record Requirements(GatedModel model, Task task, Settings settings, Bins bins) {
  /**
   * Refuses what does not go together.
   *
   * @throws IllegalArgumentException saying what to change
   */
  void check(Objective objective) {
    task.require(objective);
    requireKnown("the answer prefix", task.sampling().answerPrefix());
    for (PromptPair pair : task.pairs()) {
      requirePositions(pair);
      for (int[] ids : List.of(pair.clean(), pair.corrupted(), pair.answer(), pair.wrong())) {
        requireKnown("pair " + pair.id(), ids);
      }
    }
    requireUnits();
    requireComparable();
    requireGated();
    requireRepeats();
    requireDivisible();
  }

  private void requireKnown(String where, int[] ids) {
    for (int id : ids) {
      if (id < 0 || id >= model.vocabulary()) {
        throw new IllegalArgumentException(
            "%s has the token id %d, but the model's ids are 0 to %d"
                .formatted(where, id, model.vocabulary() - 1));
      }
    }
  }

  /** Some rollouts use up the budget, some do not: whether they all fit is known before. */
  private void requirePositions(PromptPair pair) {
    Sampling sampling = task.sampling();
    long needed =
        (long) pair.longest()
            + sampling.maxNewTokens()
            + sampling.answerPrefix().length
            + Math.max(0, pair.answer().length - 1);
    int positions = model.maxPositions();
    if (needed > positions) {
      throw new IllegalArgumentException(
          "pair %s: prompt, budget, answer prefix and answer need %d positions, but the model has %d: shorten the prompt or lower --max-new-tokens"
              .formatted(pair.id(), needed, positions));
    }
  }

  private void requireUnits() {
    int units = model.units().unitCount();
    if (settings.until().top() > units) {
      throw new IllegalArgumentException(
          "--until stability is asked of the top %s, but the model has %d"
              .formatted(model.units().counted(settings.until().top()), units));
    }
  }

  /** Hidden units and features have something to be compared with. */
  private void requireComparable() {
    Level level = model.units().level();
    if ((level == Level.NEURON || level == Level.FEATURE)
        && task.sampling().corruption() instanceof Corruption.Constant(SourceValues values)
        && (values.positions() > 0
            || (values.units().length == 0 && !values.sameAs(model.zero().values())))) {
      throw new IllegalArgumentException(
          "--level %s compares %ss with those of a corrupted run, with zero or with their means over all positions: use --corruption same, map, resample, zero or mean"
              .formatted(level.label(), level.label()));
    }
  }

  /** Whoever holds a node, or freezes what it writes, gates no cut of the stream. */
  private void requireGated() {
    switch (settings.method()) {
      case IG_GATES, EAP -> {}
      case EXACT, RANDOM -> {
        if (model.units() instanceof UnitEdges) {
          throw new IllegalArgumentException(
              "--method %s takes no gradient, and edges between units are found by gradients: use --method ig-gates or eap"
                  .formatted(settings.method().label()));
        }
      }
      case EAP_IG_INPUTS, EAP_IG_ACTIVATIONS, CLEAN_CORRUPTED -> {
        if (model.units() instanceof UnitEdges) {
          throw new IllegalArgumentException(
              "--method %s holds what nodes write, and edges between units are of gates on all of them: use --method ig-gates or eap"
                  .formatted(settings.method().label()));
        }
        if (model.features().cutStream()) {
          throw new IllegalArgumentException(
              "--method %s interpolates what nodes write, and the features of this --dictionary are of the residual stream: use --method ig-gates or eap"
                  .formatted(settings.method().label()));
        }
      }
    }
  }

  private void requireRepeats() {
    boolean sampled =
        settings.estimator() != Settings.Estimator.ENUMERATE && task.sampling().maxNewTokens() > 0;
    if (sampled && task.pairs().size() * settings.repeats() < 2) {
      throw new IllegalArgumentException(
          "one prompt sampled once gives no standard error: add prompts or set --repeats to at least 2");
    }
  }

  /** Bins need what they divide to belong to positions. */
  private void requireDivisible() {
    if (bins.names().isEmpty()) {
      return;
    }
    if (!settings.method().isGradient()) {
      throw new IllegalArgumentException(
          "--bins divides gradients by position, and --method %s takes none: leave out --bins"
              .formatted(settings.method().label()));
    }
    if (settings.baseline() == Settings.BaselineKind.PER_EDGE) {
      throw new IllegalArgumentException(
          "--baseline per-edge belongs to no position: leave out --bins, or use --baseline leave-one-out");
    }
  }
}
