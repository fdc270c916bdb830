package dev.cotrace.attribution;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Method;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Units;
import java.util.List;
import java.util.stream.IntStream;

/** {@link Method#EXACT}: every unit corrupted by itself, one after the other. */
public final class ExactEffects {
  private final Workload work;
  private final Evaluation ends;

  /**
   * The effects of the units of {@code work}'s model.
   *
   * @param ends J(0) and J(1), which must keep its rollouts
   */
  public ExactEffects(Workload work, Evaluation ends) {
    this.work = work;
    this.ends = ends;
  }

  /** Computes all scores. */
  public Attribution attribute() {
    Units units = work.model().units();
    Interventions interventions = new Interventions(work, ends, ends.runner());
    ends.runner()
        .listener()
        .planned(
            "interventions on " + units.counted(units.unitCount()),
            Math.multiplyExact(units.unitCount(), interventions.jobCount()));
    Clusters clusters = interventions.clusters();
    double[][] total = new double[clusters.count()][units.cells()];
    double[][] direct = new double[clusters.count()][units.cells()];
    double[][] throughCot = new double[clusters.count()][units.cells()];
    Circuit all = Circuit.full(units.switchable());
    for (int cell : units.unitCells()) {
      Interventions.Effect effect = interventions.of(all.without(cell));
      for (int cluster = 0; cluster < clusters.count(); cluster++) {
        total[cluster][cell] = effect.total()[cluster];
        direct[cluster][cell] = effect.direct()[cluster];
        throughCot[cluster][cell] = effect.total()[cluster] - effect.direct()[cluster];
      }
    }
    return new Attribution(
        units,
        Method.EXACT,
        scores(clusters, (cluster, cell) -> total[cluster][cell]),
        scores(clusters, (cluster, cell) -> direct[cluster][cell]),
        scores(clusters, (cluster, cell) -> throughCot[cluster][cell]),
        ends.both(),
        new Estimate(Double.NaN, Double.NaN),
        clusters.count(),
        /* points= */ 0,
        interventions.sampledTokens() + ends.sampledTokens(),
        new ClusterSums(
            List.of(direct, throughCot),
            IntStream.range(0, clusters.count()).map(clusters::units).toArray()),
        List.of());
  }

  private Scores scores(Clusters clusters, AttributionSum.Sums sums) {
    return AttributionSum.scores(clusters, work.model().units().cells(), sums);
  }
}
