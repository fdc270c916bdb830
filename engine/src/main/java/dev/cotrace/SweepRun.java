package dev.cotrace;

import dev.cotrace.CircuitSweep.Areas;
import dev.cotrace.CircuitSweep.Example;
import dev.cotrace.CircuitSweep.Row;
import dev.cotrace.attribution.CircuitEvaluation;
import dev.cotrace.attribution.CircuitEvaluation.Judgement;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.FaithfulnessCurve;
import dev.cotrace.attribution.MagnitudeScores;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.Workload;
import dev.cotrace.attribution.Worth;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Knockout;
import dev.cotrace.circuit.Removal;
import dev.cotrace.circuit.Selection;
import dev.cotrace.circuit.Units;
import dev.cotrace.report.ScoredCircuit;
import dev.cotrace.rollout.PromptPair;
import dev.cotrace.rollout.Rollout;
import dev.cotrace.task.TokenText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** A {@link CircuitSweep} under way. */
final class SweepRun {
  private final Experiment experiment;
  private final Units units;
  private final Evaluation ends;
  private final CircuitEvaluation evaluation;
  private final Attribution magnitudes;
  private final FaithfulnessCurve own = new FaithfulnessCurve();
  private final FaithfulnessCurve teacherForced = new FaithfulnessCurve();
  private final FaithfulnessCurve random = new FaithfulnessCurve();
  private final FaithfulnessCurve magnitude = new FaithfulnessCurve();

  /** Samples J(0) and J(1). */
  SweepRun(Experiment experiment, Workload work, RunListener listener) {
    this.experiment = experiment;
    units = experiment.gated().units();
    ends = new Evaluation(work, listener, /* keeps= */ true);
    evaluation = new CircuitEvaluation(work, ends, listener);
    magnitudes =
        new ScoredCircuit(
                experiment.width(),
                Circuit.inputFirst(units, MagnitudeScores.of(work, ends)),
                Circuit.full(units))
            .attribution(ends.both());
  }

  /** Evaluates the circuit of {@code file}, which is {@code given}, and those by its scores. */
  CircuitSweep of(Path file, ScoredCircuit given, SweepSettings settings) {
    List<Row> rows = new ArrayList<>();
    Circuit circuit = given.circuit().in(units);
    Judgement judged = evaluation.of(circuit);
    rows.add(row(String.valueOf(file.getFileName()), "", judged, Optional.empty()));
    Attribution scores = given.attribution(ends.both()).of(units);
    for (CircuitSize size : settings.sizes()) {
      int edges = size.of(units);
      Selection selection = top(edges);
      Judgement chosen = evaluation.of(selection.of(scores));
      rows.add(row(size.toString(), selection.words(), chosen, Optional.of(size)));
    }
    return new CircuitSweep(
        settings.out(),
        experiment.spec().objective().toString(),
        units,
        ends.clean(),
        ends.corrupted(),
        rows,
        Areas.of(own),
        judged.teacherForced().map(_ -> Areas.of(teacherForced)),
        Areas.of(random),
        Areas.of(magnitude),
        evaluation.without(circuit),
        knockouts(circuit, settings.knockouts()),
        removals(judged, settings.removals()));
  }

  private Selection top(int edges) {
    DiscoverySpec spec = experiment.spec();
    return spec.select().sized(edges, spec.attribution().ranking());
  }

  /**
   * Puts baselines beside a circuit.
   *
   * @param asked how many edges were asked for; empty where the circuit is no point of a curve
   */
  private Row row(String name, String selection, Judgement judged, Optional<CircuitSize> asked) {
    Circuit circuit = judged.circuit();
    Worth chance = ends.worth(RandomCircuits.like(circuit, experiment.spec().attribution().seed()));
    Worth norms = ends.worth(largest(circuit.size()));
    if (asked.isPresent()) {
      double share = asked.get().share(units);
      own.add(share, judged.sampled());
      judged.teacherForced().ifPresent(worth -> teacherForced.add(share, worth));
      random.add(share, chance);
      magnitude.add(share, norms);
    }
    return new Row(
        name,
        selection,
        judged.sampled().faithfulness(),
        judged.teacherForced().map(Worth::faithfulness),
        judged.divergence(),
        judged.teacherForcedDivergence(),
        judged.accuracy(),
        chance.faithfulness(),
        norms.faithfulness(),
        examples(judged.examples()));
  }

  /** The fewest edges of largest magnitude of which {@code connected} are connected. */
  private Circuit largest(int connected) {
    int most = units.unitCount();
    int few = Math.min(connected, most);
    while (few < most) {
      int middle = (few + most) / 2;
      if (largestOf(middle).size() < connected) {
        few = middle + 1;
      } else {
        most = middle;
      }
    }
    return largestOf(most);
  }

  private Circuit largestOf(int edges) {
    return new Selection.Top(edges, Circuit.Ranking.ABSOLUTE).of(magnitudes);
  }

  private List<Knockout> knockouts(Circuit circuit, int count) {
    RandomGenerator random = random("knockouts");
    List<Knockout> knockouts = new ArrayList<>();
    for (int i = 0; i < count && circuit.size() > 1; i++) {
      int[] drawn = drawn(circuit, random);
      Circuit half = circuit.without(Arrays.copyOf(drawn, drawn.length / 2));
      knockouts.add(evaluation.knockout(circuit, half));
    }
    return knockouts;
  }

  private List<Removal> removals(Judgement judged, int count) {
    return Arrays.stream(drawn(judged.circuit(), random("removals")))
        .limit(count)
        .mapToObj(cell -> evaluation.removal(judged, cell))
        .toList();
  }

  /** The edges of {@code circuit} in a random order. */
  private static int[] drawn(Circuit circuit, RandomGenerator random) {
    List<Integer> cells = new ArrayList<>();
    Arrays.stream(circuit.cells()).forEach(cells::add);
    Collections.shuffle(cells, random);
    return cells.stream().mapToInt(Integer::intValue).toArray();
  }

  private RandomGenerator random(String purpose) {
    return RandomGeneratorFactory.of("L64X128MixRandom")
        .create(experiment.spec().attribution().seed() + purpose.hashCode());
  }

  private List<Example> examples(List<Rollout> rollouts) {
    List<Example> examples = new ArrayList<>();
    for (int i = 0; i < rollouts.size(); i++) {
      PromptPair pair = experiment.task().pairs().get(i);
      TokenText text = experiment.text();
      examples.add(
          new Example(pair.id(), text.text(pair.clean()), text.text(rollouts.get(i).tokens())));
    }
    return examples;
  }
}
