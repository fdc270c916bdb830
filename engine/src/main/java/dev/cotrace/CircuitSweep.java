package dev.cotrace;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.circuit.Selection;
import dev.cotrace.report.CircuitFile;
import dev.cotrace.report.ScoredCircuit;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * How faithful circuits of several sizes are when one samples from them, beside random circuits of
 * the same sizes.
 *
 * @param clean J(1)
 * @param corrupted J(0)
 * @param rows the circuit of the file first, then one for each size
 */
public record CircuitSweep(Estimate clean, Estimate corrupted, List<Row> rows) {
  /**
   * One circuit.
   *
   * @param name the size asked for, or the name of the file
   * @param selection how its edges were chosen, in words; empty for that of the file
   * @param circuit sampled from it
   * @param random sampled from a random circuit of the same size
   */
  public record Row(String name, String selection, Faithfulness circuit, Faithfulness random) {}

  /**
   * Evaluates the circuit of {@code file} and the best edges by its scores.
   *
   * @param file that {@link CircuitFile} reads
   */
  public static CircuitSweep run(
      DiscoverySpec spec, Path file, List<CircuitSize> sizes, DiscoveryListener listener)
      throws IOException {
    ScoredCircuit given = CircuitFile.read(file);
    try (Experiment experiment = Experiment.open(spec, listener)) {
      requireSameGraph(file, given.graph(), experiment.gated().graph());
      RunPlan plan = plan(experiment, sizes);
      listener.say(plan.line());
      Workload work = experiment.workload().with(plan.memory().layout());
      Evaluation evaluation = new Evaluation(work, new ProgressReporter(listener));
      List<Row> rows = new ArrayList<>();
      rows.add(row(String.valueOf(file.getFileName()), "", given.circuit(), evaluation, spec));
      Attribution ranked = given.attribution(evaluation.clean(), evaluation.corrupted());
      for (CircuitSize size : sizes) {
        Selection selection =
            spec.select().sized(size.edges(given.graph()), spec.attribution().ranking());
        rows.add(row(size.toString(), selection.words(), selection.of(ranked), evaluation, spec));
      }
      experiment.tell(listener::say);
      return new CircuitSweep(evaluation.clean(), evaluation.corrupted(), rows);
    }
  }

  /** What {@link #run} would do and take; nothing is sampled. */
  public static RunPlan plan(
      DiscoverySpec spec, Path file, List<CircuitSize> sizes, DiscoveryListener listener)
      throws IOException {
    ScoredCircuit given = CircuitFile.read(file);
    try (Experiment experiment = Experiment.open(spec, listener)) {
      requireSameGraph(file, given.graph(), experiment.gated().graph());
      return plan(experiment, sizes);
    }
  }

  /** Of the circuit of the file, one of every size, and a random one for each. */
  private static RunPlan plan(Experiment experiment, List<CircuitSize> sizes) {
    return new RunPlan(
        experiment.memory(MemoryPlan.Purpose.EVALUATION),
        WorkEstimate.ofCircuits(experiment.workload(), 2 * (1 + sizes.size())));
  }

  /** The rows as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    ResultJson.put(json, "J1", clean);
    ResultJson.put(json, "J0", corrupted);
    ArrayNode list = json.putArray("circuits");
    for (Row row : rows) {
      ObjectNode entry = list.addObject().put("name", row.name);
      if (!row.selection.isEmpty()) {
        entry.put("selection", row.selection);
      }
      entry.set("circuit", ResultJson.of(row.circuit));
      entry.set("random_circuit", ResultJson.of(row.random));
    }
    return json.toString();
  }

  private static Row row(
      String name, String selection, Circuit circuit, Evaluation evaluation, DiscoverySpec spec) {
    Circuit random = RandomCircuits.like(circuit, spec.attribution().seed());
    return new Row(name, selection, evaluation.of(circuit), evaluation.of(random));
  }

  /** Refuses a circuit of another model. */
  static void requireSameGraph(Path file, ComputationGraph given, ComputationGraph own) {
    if (!given.equals(own)) {
      throw new IllegalArgumentException(
          "%s is a circuit of a model of %d layers with %d heads%s, but the model has %d layers with %d heads"
              .formatted(
                  file,
                  given.layers(),
                  given.heads(),
                  given.parallel() ? " in parallel blocks" : "",
                  own.layers(),
                  own.heads()));
    }
  }
}
