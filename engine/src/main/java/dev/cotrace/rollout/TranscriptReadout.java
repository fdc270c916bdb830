package dev.cotrace.rollout;

import dev.cotrace.model.Decoder;
import dev.cotrace.rollout.Readout.Positions;
import dev.cotrace.rollout.Readout.Quantities;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Everything the objective reads off a batch of transcripts, and the cotangents of what it makes of
 * them.
 */
final class TranscriptReadout implements AutoCloseable {
  private final Objective objective;
  private final List<Transcript> transcripts;
  private final int[] first;
  private final Readout sampled;
  private final Readout answers;
  private final Readout contrasts; // answer and wrong answer by turns
  private final Readout beginnings; // where the answer begins, for the divergence there

  /**
   * Reads a batch.
   *
   * @param live the gated run's final stream at all positions, row by row, {@code [N, D]}
   * @param clean the clean run's, where the objective needs it
   */
  TranscriptReadout(
      Decoder decoder,
      Objective objective,
      double temperature,
      List<Transcript> transcripts,
      Tensor live,
      @Nullable Tensor clean,
      boolean gradients) {
    this.objective = objective;
    this.transcripts = transcripts;
    first = firstPlaces(transcripts);
    double kl = objective.weight(ModelTerm.KL);
    double klReverse = objective.weight(ModelTerm.KL_REVERSE);
    sampled =
        new Readout(
            decoder,
            live,
            clean,
            sampledPositions(),
            Quantities.divergence(
                objective.reads(ModelTerm.KL) || objective.reads(ModelTerm.KL_REVERSE),
                kl,
                klReverse,
                temperature),
            gradients);
    answers =
        new Readout(
            decoder, live, null, answerPositions(), Quantities.tokens(temperature), gradients);
    contrasts =
        new Readout(decoder, live, null, contrastPositions(), Quantities.tokens(1), gradients);
    beginnings =
        new Readout(
            decoder,
            live,
            clean,
            beginningPositions(),
            Quantities.divergence(
                objective.reads(ModelTerm.ANSWER_KL),
                objective.weight(ModelTerm.ANSWER_KL),
                0,
                temperature),
            gradients);
  }

  /** First place of each transcript. */
  private static int[] firstPlaces(List<Transcript> transcripts) {
    int[] first = new int[transcripts.size()];
    for (int row = 1; row < first.length; row++) {
      first[row] = first[row - 1] + transcripts.get(row - 1).clean().length;
    }
    return first;
  }

  private Positions sampledPositions() {
    LongStream.Builder slots = LongStream.builder();
    LongStream.Builder tokens = LongStream.builder();
    for (int row = 0; row < transcripts.size(); row++) {
      Transcript transcript = transcripts.get(row);
      for (int step = 0; step < transcript.rollout().steps(); step++) {
        slots.add(first[row] + transcript.sampledFrom(step));
        tokens.add(transcript.rollout().tokens()[step]);
      }
    }
    return new Positions(slots.build().toArray(), tokens.build().toArray());
  }

  private Positions answerPositions() {
    LongStream.Builder slots = LongStream.builder();
    LongStream.Builder tokens = LongStream.builder();
    for (int row = 0; row < transcripts.size(); row++) {
      for (int index = 0; index < answerLength(row); index++) {
        slots.add(first[row] + transcripts.get(row).answeredFrom(index));
        tokens.add(transcripts.get(row).pair().answer()[index]);
      }
    }
    return new Positions(slots.build().toArray(), tokens.build().toArray());
  }

  private Positions contrastPositions() {
    if (!objective.readsContrast()) {
      return Positions.NONE;
    }
    long[] slots = new long[2 * transcripts.size()];
    long[] tokens = new long[slots.length];
    for (int row = 0; row < transcripts.size(); row++) {
      Transcript transcript = transcripts.get(row);
      Arrays.fill(slots, 2 * row, 2 * row + 2, first[row] + transcript.answeredFrom(0));
      tokens[2 * row] = transcript.pair().answer()[0];
      tokens[2 * row + 1] = transcript.pair().wrong()[0];
    }
    return new Positions(slots, tokens);
  }

  private Positions beginningPositions() {
    if (!objective.reads(ModelTerm.ANSWER_KL)) {
      return Positions.NONE;
    }
    long[] slots = new long[transcripts.size()];
    Arrays.setAll(slots, row -> first[row] + transcripts.get(row).answeredFrom(0));
    return new Positions(slots, new long[slots.length]); // No token is looked up.
  }

  private int answerLength(int row) {
    return objective.readsAnswer() ? transcripts.get(row).pair().answer().length : 0;
  }

  /**
   * What the model makes of each transcript.
   *
   * @param outcomes of each transcript
   */
  List<Measurement> measurements(List<Map<OutcomeTerm, Double>> outcomes) {
    List<Measurement> measurements = new ArrayList<>();
    int step = 0;
    int answer = 0;
    for (int row = 0; row < transcripts.size(); row++) {
      Transcript transcript = transcripts.get(row);
      int nextStep = step + transcript.rollout().steps();
      int nextAnswer = answer + answerLength(row);
      measurements.add(
          new Measurement(
              Arrays.copyOfRange(sampled.logProbability, step, nextStep),
              objective.reads(ModelTerm.KL)
                  ? Arrays.copyOfRange(sampled.kl, step, nextStep)
                  : new double[0],
              objective.reads(ModelTerm.KL_REVERSE)
                  ? Arrays.copyOfRange(sampled.klReverse, step, nextStep)
                  : new double[0],
              Arrays.copyOfRange(answers.logProbability, answer, nextAnswer),
              answers.mostProbable(answer, nextAnswer),
              objective.readsContrast()
                  ? Arrays.copyOfRange(contrasts.logProbability, 2 * row, 2 * row + 2)
                  : new double[0],
              objective.reads(ModelTerm.ANSWER_KL) ? beginnings.kl[row] : Double.NaN,
              outcomes.get(row)));
      step = nextStep;
      answer = nextAnswer;
    }
    return measurements;
  }

  /**
   * Adds the cotangent of Σ_t A_t log H_z(x_t) to {@code cotangent [N, D]}.
   *
   * @param weight of each row
   * @param advantage of each row's steps
   */
  void addScore(Tensor cotangent, double[] weight, double[][] advantage) {
    double[] weights = new double[sampled.logProbability.length];
    int at = 0;
    for (int row = 0; row < weight.length; row++) {
      for (double a : advantage[row]) {
        weights[at++] = weight[row] * a;
      }
    }
    sampled.addLogProbability(cotangent, weights);
  }

  /** Adds the cotangent of the differentiable f_s at fixed tokens to {@code cotangent [N, D]}. */
  void addDirect(Tensor cotangent, double[] weight, List<Measurement> measurements) {
    double[] steps = new double[sampled.logProbability.length];
    double[] answer = new double[answers.logProbability.length];
    double[] contrast = new double[contrasts.logProbability.length];
    int step = 0;
    int token = 0;
    for (int row = 0; row < weight.length; row++) {
      int nextStep = step + transcripts.get(row).rollout().steps();
      Arrays.fill(steps, step, nextStep, weight[row]);
      step = nextStep;
      int nextToken = token + answerLength(row);
      Arrays.fill(
          answer, token, nextToken, weight[row] * objective.answerSlope(measurements.get(row)));
      token = nextToken;
      if (contrast.length > 0) {
        double[] slopes = objective.contrastSlopes(measurements.get(row));
        contrast[2 * row] = weight[row] * slopes[0];
        contrast[2 * row + 1] = weight[row] * slopes[1];
      }
    }
    if (objective.has(ModelTerm.KL) || objective.has(ModelTerm.KL_REVERSE)) {
      sampled.addDivergence(cotangent, steps);
    }
    if (objective.has(ModelTerm.ANSWER_KL)) {
      beginnings.addDivergence(cotangent, weight);
    }
    answers.addLogProbability(cotangent, answer);
    contrasts.addLogProbability(cotangent, contrast);
  }

  @Override
  public void close() {
    sampled.close();
    answers.close();
    contrasts.close();
    beginnings.close();
  }
}
