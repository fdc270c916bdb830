package dev.cotrace.attribution;

import dev.cotrace.gate.GatedModel;
import dev.cotrace.gate.Gates;
import dev.cotrace.model.NaiveGatedModel;
import dev.cotrace.rollout.Measurement;
import dev.cotrace.rollout.Objective;
import dev.cotrace.rollout.Outcomes;
import dev.cotrace.rollout.Transcript;
import dev.cotrace.rollout.TranscriptScorer;
import dev.cotrace.rollout.Weighting;
import java.util.Arrays;
import java.util.List;

/**
 * J and its gradient under a corruption, by listing every chain of thought and every draw of
 * partners.
 *
 * @param model with gates on any units
 * @param tiny the corruption
 * @param naive what partners are drawn from
 */
record TinyListing(GatedModel model, TinyCorruption tiny, NaiveGatedModel naive) {
  static final Objective OBJECTIVE = Objective.parse("answer-logprob + 0.5*kl");

  /** Scores the transcripts of the corruption's task. */
  TranscriptScorer scorer(Objective objective) {
    return new TranscriptScorer(
        model, objective, tiny.temperature(), Outcomes.NONE, tiny.corruption());
  }

  /** The gradient where all gates are {@code alpha}. */
  TranscriptScorer.GroupGradient gradient(double alpha) {
    List<Transcript> transcripts = tiny.transcripts();
    Weighting listed =
        (objective, measurements) -> {
          double[] weights = new double[transcripts.size()];
          Arrays.setAll(weights, i -> probability(transcripts.get(i), measurements.get(i)));
          return new Weighting.Weights(
              weights, measurements.stream().map(objective::rewardToGo).toArray(double[][]::new));
        };
    TranscriptScorer.Group group = new TranscriptScorer.Group(alpha, transcripts, listed);
    return scorer(OBJECTIVE).gradients(List.of(group)).getFirst();
  }

  /** The probability of a chain of thought with its partners. */
  double probability(Transcript transcript, Measurement measurement) {
    return Math.exp(measurement.rolloutLogProbability()) * tiny.probability(naive, transcript);
  }

  /** J at {@code gates}, one for all rows or as many as there are rollouts. */
  double value(Gates gates) {
    List<Transcript> transcripts = tiny.transcripts();
    List<Measurement> measurements = scorer(OBJECTIVE).measure(gates, transcripts);
    double value = 0;
    for (int i = 0; i < transcripts.size(); i++) {
      value +=
          probability(transcripts.get(i), measurements.get(i))
              * OBJECTIVE.value(measurements.get(i));
    }
    return value;
  }
}
