package dev.cotrace.truth;

import dev.cotrace.attribution.RunListener;
import dev.cotrace.rollout.Randomness;
import java.util.Arrays;

/** Random scores: AUROC ½, and about the share of true edges as average precision. */
record Chance() implements Contender {
  @Override
  public String name() {
    return "random";
  }

  @Override
  public Found find(Trial trial, RunListener listener) {
    Randomness randomness = new Randomness(trial.seed());
    double[] scores = new double[trial.experiment().gated().graph().cells()];
    Arrays.setAll(scores, cell -> randomness.uniform(cell, 0, 0));
    return Found.of(scores);
  }
}
