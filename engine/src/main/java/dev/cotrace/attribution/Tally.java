package dev.cotrace.attribution;

import dev.cotrace.rollout.Measurement;
import java.util.List;
import java.util.stream.DoubleStream;

/**
 * What rollouts add up to, by cluster.
 *
 * @param value F
 * @param divergence KL(G‖H_z) at all steps or, where none is sampled, where the answer begins; 0
 *     where the objective does not read it
 * @param steps sampled tokens or, where none are, 1 for the answer
 * @param mostProbable 1 for each whose answer is the most probable one, token by token
 */
record Tally(double[] value, double[] divergence, double[] steps, double[] mostProbable) {
  /** Of what some jobs gave. */
  static Tally of(Clusters clusters, List<JobResult> results) {
    int count = clusters.count();
    Tally tally =
        new Tally(new double[count], new double[count], new double[count], new double[count]);
    for (JobResult result : results) {
      tally.add(clusters.of(result.job().prompt(), result.job().repeat()), result);
    }
    return tally;
  }

  private void add(int cluster, JobResult result) {
    value[cluster] += result.value();
    for (int i = 0; i < result.measurements().size(); i++) {
      Measurement measurement = result.measurements().get(i);
      double weight = result.weights()[i];
      int sampled = measurement.logProbability().length;
      double kl = sampled > 0 ? DoubleStream.of(measurement.kl()).sum() : measurement.answerKl();
      divergence[cluster] += weight * kl;
      steps[cluster] += weight * Math.max(1, sampled);
      mostProbable[cluster] += measurement.answerMostProbable() ? weight : 0;
    }
  }
}
