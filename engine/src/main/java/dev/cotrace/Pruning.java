package dev.cotrace;

import dev.cotrace.attribution.Acdc;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.LearnedMask;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.PrunedCircuit;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Level;
import dev.cotrace.report.CircuitJson;
import dev.cotrace.report.ExportedCircuit;
import dev.cotrace.report.ScoredCircuit;
import java.io.IOException;
import java.nio.file.Path;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A circuit found by taking edges out of the whole model while sampling from what is left.
 *
 * @param path the directory that holds it
 * @param found the circuit, and how it was found
 * @param clean J(1)
 * @param corrupted J(0)
 * @param faithfulness of the circuit
 * @param random of a random circuit of the same size
 */
public record Pruning(
    Path path,
    PrunedCircuit found,
    Estimate clean,
    Estimate corrupted,
    Faithfulness faithfulness,
    Faithfulness random) {
  private static final String VERSION = "1";

  /** How edges are taken out. */
  public enum By {
    /** By gates learned down the policy gradient, {@link LearnedMask}. */
    LEARNED_MASK,
    /** One after the other, {@link Acdc}. */
    ACDC;

    /** The name on the command line. */
    public String label() {
      return SpecLabels.label(this);
    }

    /** The way called {@code name}. */
    public static By of(String name) {
      return SpecLabels.constant(By.class, name);
    }
  }

  /**
   * What to do.
   *
   * @param size of the circuit, for a learned mask
   * @param steps of the gradient, for a learned mask
   * @param rate of the steps, for a learned mask
   * @param threshold of faithfulness, for ACDC
   * @param out the directory to make
   */
  public record Choice(
      By by, CircuitSize size, int steps, double rate, double threshold, Path out) {
    /** Refuses what finds nothing, before anything is sampled. */
    public Choice {
      LearnedMask.Settings.require(steps, rate);
      Acdc.require(threshold);
    }
  }

  /** Prunes the model of {@code spec}. */
  public static Pruning run(DiscoverySpec spec, Choice choice, DiscoveryListener listener)
      throws IOException {
    requireEdges(spec);
    try (RunDirectory directory = RunDirectory.create(choice.out);
        Experiment experiment = Experiment.open(spec, listener)) {
      RunPlan plan = plan(experiment);
      Pruning pruning;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);
        pruning = of(experiment, plan, choice, log);
        ScoredCircuit scored =
            new ScoredCircuit(experiment.width(), pruning.found.scores(), pruning.found.circuit());
        directory.write(
            "circuit.json", file -> CircuitJson.write(file, new ExportedCircuit(scored, null)));
        directory.write("pruning.json", pruning.object().toPrettyString() + "\n");
      }
      directory.finish();
      return pruning;
    }
  }

  private static void requireEdges(DiscoverySpec spec) {
    if (spec.units().level() != Level.EDGE) {
      throw new IllegalArgumentException(
          "cotrace prune takes out edges, and --level is %s: leave it out"
              .formatted(spec.units().level().label()));
    }
  }

  private static Pruning of(Experiment experiment, RunPlan plan, Choice choice, RunLog log) {
    Workload work = experiment.workload().with(plan.memory().layout());
    Evaluation ends = new Evaluation(work, log);
    PrunedCircuit found =
        switch (choice.by) {
          case LEARNED_MASK ->
              new LearnedMask(
                      work,
                      ends,
                      new LearnedMask.Settings(
                          choice.size.of(work.model().graph()), choice.steps, choice.rate),
                      log)
                  .learn();
          case ACDC ->
              new Acdc(work, new Evaluation(work, RunListener.SILENT), choice.threshold, log)
                  .search();
        };
    Circuit circuit = found.circuit();
    return new Pruning(
        choice.out,
        found,
        ends.clean(),
        ends.corrupted(),
        ends.of(circuit),
        ends.of(RandomCircuits.like(circuit, experiment.spec().attribution().seed())));
  }

  /** What {@link #run} would take; nothing is sampled. */
  public static RunPlan plan(DiscoverySpec spec, DiscoveryListener listener) throws IOException {
    try (Experiment experiment = Experiment.open(spec, listener)) {
      return plan(experiment);
    }
  }

  private static RunPlan plan(Experiment experiment) {
    Workload work = experiment.workload();
    return new RunPlan(
        experiment.memory(MemoryPlan.Purpose.EVALUATION), WorkEstimate.ofCircuits(work, 2));
  }

  /** How the circuit was found. */
  public String words() {
    return found.words();
  }

  private ObjectNode object() {
    ObjectNode json = new JsonMapper().createObjectNode().put("format_version", VERSION);
    json.put("selection", words());
    ResultJson.put(json, "J1", clean);
    ResultJson.put(json, "J0", corrupted);
    json.set("circuit", ResultJson.of(faithfulness));
    json.set("random_circuit", ResultJson.of(random));
    return json;
  }

  /** This as JSON, in one line. */
  public String json() {
    return object().put("pruning", path.toString()).toString();
  }
}
