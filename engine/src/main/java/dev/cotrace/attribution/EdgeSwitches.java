package dev.cotrace.attribution;

import static dev.cotrace.attribution.Worth.less;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.SwitchEffect;

/**
 * Really switches edges, or other units: the clean model with some of them corrupted, sampled with
 * the random numbers of J(1).
 */
public final class EdgeSwitches {
  private final Interventions interventions;
  private final Circuit all;
  private final RunListener listener;

  /**
   * Switches of the model of {@code work}.
   *
   * @param ends J(1), which must keep its rollouts
   */
  public EdgeSwitches(Workload work, Evaluation ends, RunListener listener) {
    interventions = new Interventions(work, ends, new LocalRunner(listener));
    all = Circuit.full(work.model().units().switchable());
    this.listener = listener;
  }

  /** Switches the units at {@code cells} at once. */
  public SwitchEffect of(int... cells) {
    String what =
        cells.length == 1 ? all.units().name(cells[0]) : all.units().counted(cells.length);
    listener.planned("switching " + what, interventions.jobCount());
    Interventions.Effect effect = interventions.of(all.without(cells));
    Clusters clusters = interventions.clusters();
    return new SwitchEffect(
        clusters.mean(effect.total()),
        clusters.mean(effect.direct()),
        clusters.mean(less(effect.total(), effect.direct())));
  }
}
