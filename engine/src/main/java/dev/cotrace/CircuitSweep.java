package dev.cotrace;

import dev.cotrace.attribution.FaithfulnessCurve;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Knockout;
import dev.cotrace.circuit.Removal;
import dev.cotrace.circuit.Units;
import dev.cotrace.report.CircuitFile;
import dev.cotrace.report.ScoredCircuit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What circuits of several sizes are worth when one samples from them, beside circuits of the same
 * sizes that know less.
 *
 * @param path the directory that holds this
 * @param objective what J is the expectation of
 * @param units names the cells
 * @param clean J(1)
 * @param corrupted J(0)
 * @param rows the circuit of the file first, then one for each size
 * @param areas of the circuits that the scores choose
 * @param teacherForcedAreas of the same on the clean model's rollouts; empty where {@link
 *     Row#teacherForced} is
 * @param randomAreas of the random circuits
 * @param magnitudeAreas of the circuits that magnitudes choose
 * @param complement the model without the circuit of the file
 * @param knockouts of random halves of that circuit
 * @param removals of single edges of it, drawn at random
 */
public record CircuitSweep(
    Path path,
    String objective,
    Units units,
    Estimate clean,
    Estimate corrupted,
    List<Row> rows,
    Areas areas,
    Optional<Areas> teacherForcedAreas,
    Areas randomAreas,
    Areas magnitudeAreas,
    Faithfulness complement,
    List<Knockout> knockouts,
    List<Removal> removals) {
  /**
   * One circuit.
   *
   * @param name the size asked for, or the name of the file
   * @param selection how its edges were chosen, in words; empty for that of the file
   * @param sampled J and faithfulness of rollouts of its own
   * @param teacherForced J and faithfulness of the clean model's rollouts, run in the circuit;
   *     empty where nothing is generated, and where the objective reads nothing but the text, which
   *     is given
   * @param divergence KL(G‖H_C) for each sampled token, in nats, on rollouts of its own; where
   *     nothing is generated, where the answer begins
   * @param teacherForcedDivergence the same on the clean model's rollouts; empty where nothing is
   *     generated
   * @param accuracy the share of its own rollouts after which the answer is the most probable one,
   *     token by token; empty where a pair has no answer
   * @param random sampled from a random circuit of the same size
   * @param magnitude sampled from as many edges whose sources differ most
   * @param examples what the circuit says, once for each pair
   */
  public record Row(
      String name,
      String selection,
      Faithfulness sampled,
      Optional<Faithfulness> teacherForced,
      Estimate divergence,
      Optional<Estimate> teacherForcedDivergence,
      Optional<Estimate> accuracy,
      Faithfulness random,
      Faithfulness magnitude,
      List<Example> examples) {}

  /**
   * One rollout of a circuit.
   *
   * @param pair id of the pair
   * @param prompt the clean prompt as text
   * @param text what was sampled
   */
  public record Example(String pair, String prompt, String text) {}

  /** {@link FaithfulnessCurve#cpr} and {@link FaithfulnessCurve#cmd}. */
  public record Areas(Estimate cpr, Estimate cmd) {
    static Areas of(FaithfulnessCurve curve) {
      return new Areas(curve.cpr(), curve.cmd());
    }
  }

  /**
   * Evaluates the circuit of {@code file} and the best edges by its scores.
   *
   * @param file that {@link CircuitFile} reads
   */
  public static CircuitSweep run(
      DiscoverySpec spec, Path file, SweepSettings settings, DiscoveryListener listener)
      throws IOException {
    ScoredCircuit given = CircuitFile.read(file).finite(file);
    try (RunDirectory directory = RunDirectory.create(settings.out());
        Experiment experiment = Experiment.open(spec, listener)) {
      requireSameUnits(file, given.units(), experiment.gated().units());
      RunPlan plan = plan(experiment, settings);
      CircuitSweep sweep;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);
        Workload work = experiment.workload().with(plan.memory().layout());
        sweep = new SweepRun(experiment, work, log).of(file, given, settings);
        directory.write("evaluation.json", SweepJson.of(sweep).toPrettyString() + "\n");
        directory.write("curve.csv", SweepCsv.of(sweep));
      }
      directory.finish();
      return sweep;
    }
  }

  /** What {@link #run} would do and take; nothing is sampled. */
  public static RunPlan plan(
      DiscoverySpec spec, Path file, SweepSettings settings, DiscoveryListener listener)
      throws IOException {
    ScoredCircuit given = CircuitFile.read(file).finite(file);
    try (Experiment experiment = Experiment.open(spec, listener)) {
      requireSameUnits(file, given.units(), experiment.gated().units());
      return plan(experiment, settings);
    }
  }

  private static RunPlan plan(Experiment experiment, SweepSettings settings) {
    Workload work = experiment.workload().observing();
    return new RunPlan(
        experiment.memory(work, MemoryPlan.Purpose.EVALUATION),
        WorkEstimate.ofCircuits(work, settings.circuits()));
  }

  /** This as JSON, in one line. */
  public String json() {
    return SweepJson.of(this).put("evaluation", path.toString()).toString();
  }

  /** Refuses a circuit of another model. */
  static void requireSameUnits(Path file, Units given, Units own) {
    if (!given.graph().equals(own.graph())) {
      throw new IllegalArgumentException(
          "%s is a circuit of a model of %s, but the model has %s"
              .formatted(file, words(given.graph()), words(own.graph())));
    }
    if (given.level() != own.level()) {
      throw new IllegalArgumentException(
          "%s is a circuit of %s, and gates sit on %s: give --level %s"
              .formatted(file, given.level().nouns(), own.level().nouns(), given.level().label()));
    }
    if (!given.equals(own)) {
      throw new IllegalArgumentException(
          "%s is a circuit of other %s than those of the model: give the --dictionary that it was made with"
              .formatted(file, given.level().nouns()));
    }
  }

  private static String words(ComputationGraph graph) {
    return "%d layers with %d heads%s"
        .formatted(graph.layers(), graph.heads(), graph.parallel() ? " in parallel blocks" : "");
  }
}
