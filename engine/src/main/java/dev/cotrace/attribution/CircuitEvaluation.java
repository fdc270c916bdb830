package dev.cotrace.attribution;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Knockout;
import dev.cotrace.circuit.Removal;
import dev.cotrace.circuit.Units;
import dev.cotrace.rollout.Rollout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Judges circuits by everything that their rollouts show (METHOD §8). All circuits, and J(0) and
 * J(1), are sampled with the same random numbers: where two of them would say the same they do.
 */
public final class CircuitEvaluation {
  private final Workload work;
  private final Evaluation ends;
  private final Interventions interventions;
  private final RunListener listener;
  private double @Nullable [] corruptedAtFixedTokens;

  /**
   * A circuit by all measures.
   *
   * @param circuit the edges that were clean
   * @param sampled J of rollouts of its own
   * @param teacherForced J of the clean model's rollouts, run in the circuit, between those where
   *     all is corrupted and the clean ones. Empty where nothing is generated, and where the
   *     objective reads nothing but the text, which is given
   * @param divergence KL(G‖H_C) for each sampled token, in nats, on rollouts of its own; where
   *     nothing is generated, where the answer begins
   * @param teacherForcedDivergence the same on the clean model's rollouts; empty where nothing is
   *     generated
   * @param accuracy the share of its own rollouts after which the answer is the most probable one,
   *     token by token; empty where a pair has no answer
   * @param examples a rollout of its own for each pair
   */
  public record Judgement(
      Circuit circuit,
      Worth sampled,
      Optional<Worth> teacherForced,
      Estimate divergence,
      Optional<Estimate> teacherForcedDivergence,
      Optional<Estimate> accuracy,
      List<Rollout> examples) {}

  /**
   * Judges circuits of the model of {@code work}.
   *
   * @param ends J(0) and J(1), which must keep its rollouts
   */
  public CircuitEvaluation(Workload work, Evaluation ends, RunListener listener) {
    this.work = work.observing();
    this.ends = ends;
    this.listener = listener;
    interventions = new Interventions(this.work, ends, new LocalRunner(listener));
  }

  /** Judges {@code circuit}. */
  public Judgement of(Circuit circuit) {
    listener.planned(
        "circuit of " + circuit.units().counted(circuit.size()), jobs() * (generates() ? 2 : 1));
    Clusters clusters = interventions.clusters();
    List<JobResult> sampled = interventions.sampled(circuit);
    Tally own = Tally.of(clusters, sampled);
    Optional<Tally> fixed =
        generates()
            ? Optional.of(Tally.of(clusters, interventions.atFixedTokens(circuit)))
            : Optional.empty();
    return new Judgement(
        circuit,
        ends.worth(circuit, own.value()),
        fixed.filter(_ -> interventions.hasFixedTokens()).map(words -> worth(circuit, words)),
        clusters.ratio(own.divergence(), own.steps()),
        fixed.map(words -> clusters.ratio(words.divergence(), words.steps())),
        work.hasAnswers() ? Optional.of(clusters.mean(own.mostProbable())) : Optional.empty(),
        examples(sampled));
  }

  private boolean generates() {
    return work.task().sampling().maxNewTokens() > 0;
  }

  private int jobs() {
    return interventions.clusters().units();
  }

  private Worth worth(Circuit circuit, Tally words) {
    return new Worth(
        interventions.clusters(),
        circuit.size(),
        words.value(),
        corruptedAtFixedTokens(),
        ends.cleanSums());
  }

  /** F of the clean model's rollouts where all edges are corrupted, by cluster. */
  private double[] corruptedAtFixedTokens() {
    if (corruptedAtFixedTokens == null) {
      Units units = work.model().units().switchable();
      Circuit none = new Circuit(units, new boolean[units.cells()]);
      corruptedAtFixedTokens =
          Tally.of(interventions.clusters(), interventions.atFixedTokens(none)).value();
    }
    return corruptedAtFixedTokens;
  }

  /** The first rollout of each pair; where all are listed, the most probable one. */
  private List<Rollout> examples(List<JobResult> results) {
    Rollout[] first = new Rollout[work.task().pairs().size()];
    for (JobResult result : results) {
      int prompt = result.job().prompt();
      if (first[prompt] == null) {
        double[] weights = result.weights();
        int likeliest = 0;
        for (int i = 1; i < weights.length; i++) {
          likeliest = weights[i] > weights[likeliest] ? i : likeliest;
        }
        first[prompt] = result.rollouts().get(likeliest);
      }
    }
    return Arrays.asList(first);
  }

  /** What is left of the behaviour where only {@code circuit} is corrupted. */
  public Faithfulness without(Circuit circuit) {
    return ends.of(complement(circuit));
  }

  /**
   * Completeness: {@code circuit} and the whole model, both without {@code removed}. If nothing
   * outside the circuit takes part in the behaviour, they do the same.
   *
   * @param removed edges of {@code circuit}
   */
  public Knockout knockout(Circuit circuit, Circuit removed) {
    Worth rest = ends.worth(less(circuit, removed));
    Worth model = ends.worth(complement(removed));
    return new Knockout(
        removed.size(),
        rest.faithfulness().faithfulness(),
        model.faithfulness().faithfulness(),
        rest.minus(model));
  }

  /** Minimality: {@code judged} without the edge at {@code cell}. */
  public Removal removal(Judgement judged, int cell) {
    return new Removal(cell, judged.sampled.minus(ends.worth(judged.circuit.without(cell))));
  }

  private static Circuit complement(Circuit circuit) {
    return less(Circuit.full(circuit.units()), circuit);
  }

  private static Circuit less(Circuit circuit, Circuit removed) {
    return circuit.without(removed.cells());
  }
}
