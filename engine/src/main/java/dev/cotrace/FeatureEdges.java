package dev.cotrace;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.IntegratedGradient;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.Settings;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Stability;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import dev.cotrace.gate.GatedModel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Edges between the strongest units of a run: the same rollouts once more, with the gradient taken
 * apart for all that reads.
 *
 * @param path the directory that holds this
 * @param objective what J is the expectation of
 * @param attribution scores of the edges
 * @param stability of the strongest of them
 * @param chosen how many pieces of nodes were looked at one by one, but for errors
 */
public record FeatureEdges(
    Path path, String objective, Attribution attribution, Stability stability, int chosen) {
  private static final String VERSION = "1";

  /** Edges listed in edges.json; all are in edges.csv. */
  private static final int LISTED = 100;

  /** Edges whose stability is looked at. */
  private static final int TOP = 50;

  /**
   * Runs the rollouts of {@code spec} again.
   *
   * @param source the run whose units are chosen by their scores
   * @param top how many pieces of nodes
   */
  public static FeatureEdges run(
      DiscoverySpec spec, CircuitSource source, int top, Path out, DiscoveryListener listener)
      throws IOException {
    Attribution scores = scores(source, top);
    int[] chosen = chosen(scores, top);
    try (RunDirectory directory = RunDirectory.create(out);
        Experiment experiment = Experiment.open(spec, listener)) {
      CircuitSweep.requireSameUnits(source.file(), scores.units(), experiment.gated().units());
      Workload asked = work(experiment, chosen);
      RunPlan plan = plan(experiment, asked);
      FeatureEdges edges;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);
        Workload work = asked.with(plan.memory().layout());
        Evaluation ends = new Evaluation(work, log);
        Attribution attribution = new IntegratedGradient(work, ends).attribute();
        log.say(attribution.completeness());
        Stability stability =
            attribution.stability(
                Math.min(TOP, attribution.units().unitCount()),
                spec.attribution().ranking(),
                spec.attribution().seed());
        edges =
            new FeatureEdges(
                out, spec.objective().toString(), attribution, stability, features(scores, chosen));
        directory.write("edges.json", edges.object().toPrettyString() + "\n");
        directory.write("edges.csv", edges.csv());
      }
      directory.finish();
      return edges;
    }
  }

  /** What {@link #run} would do and take; nothing is sampled. */
  public static RunPlan plan(
      DiscoverySpec spec, CircuitSource source, int top, DiscoveryListener listener)
      throws IOException {
    Attribution scores = scores(source, top);
    try (Experiment experiment = Experiment.open(spec, listener)) {
      CircuitSweep.requireSameUnits(source.file(), scores.units(), experiment.gated().units());
      return plan(experiment, work(experiment, chosen(scores, top)));
    }
  }

  private static RunPlan plan(Experiment experiment, Workload work) {
    return new RunPlan(
        experiment.memory(work, MemoryPlan.Purpose.DISCOVERY), WorkEstimate.of(work));
  }

  private static Attribution scores(CircuitSource source, int top) throws IOException {
    if (top < 1) {
      throw new IllegalArgumentException("--top must be at least 1, got " + top);
    }
    Attribution scores = source.attribution();
    if (scores.units() instanceof ComputationGraph) {
      throw new IllegalArgumentException(
          "%s has scores of edges already; edges between units are those of a run with --level node, neuron, residual-dim or feature"
              .formatted(source.path()));
    }
    if (scores.units() instanceof Pieces pieces
        && pieces.parts().stream().anyMatch(part -> part.sources() == 0)) {
      throw new IllegalArgumentException(
          "%s has features of the residual stream, between which there are no edges: give a run of features of attention or MLPs, or of another level"
              .formatted(source.path()));
    }
    return scores;
  }

  /** The strongest pieces; nodes that are not cut stand for themselves, and so do errors. */
  private static int[] chosen(Attribution scores, int top) {
    Pieces pieces = (Pieces) scores.units();
    IntStream strongest =
        scores.total().strongest(pieces, pieces.unitCount()).stream()
            .mapToInt(Integer::intValue)
            .filter(cell -> pieces.isCut(cell) && !pieces.isError(cell))
            .limit(top);
    IntStream errors = IntStream.range(0, pieces.cells()).filter(pieces::isError);
    return IntStream.concat(strongest, errors).sorted().toArray();
  }

  private static int features(Attribution scores, int... chosen) {
    Pieces pieces = (Pieces) scores.units();
    return Math.toIntExact(IntStream.of(chosen).filter(cell -> !pieces.isError(cell)).count());
  }

  /** Not apart by bins, and where stability is wanted, that of as many edges as there are. */
  private static Workload work(Experiment experiment, int[] chosen) {
    GatedModel between = experiment.gated().between(chosen);
    Settings settings = experiment.spec().attribution();
    return new Workload(
        between,
        experiment.task(),
        experiment.spec().objective(),
        settings.with(settings.until().ofAtMost(between.units().unitCount())));
  }

  /** Cells of the {@code count} edges with the largest |score|, the largest first. */
  public List<Integer> strongest(int count) {
    return attribution.total().strongest(attribution.units(), count);
  }

  /** As {@link #strongest} of those that leave or reach a chosen piece. */
  public List<Integer> strongestOfChosen(int count) {
    return strongest(attribution.units().unitCount()).stream()
        .filter(edges()::isOfChosen)
        .limit(count)
        .toList();
  }

  /** The sum over edges between chosen units, whole nodes and the logits. */
  public Estimate explained() {
    UnitEdges edges = edges();
    return sum(cell -> !edges.isOfRest(cell) && !edges.isOfError(cell));
  }

  /** The sum over edges from or into what was not chosen. */
  public Estimate left() {
    return sum(edges()::isOfRest);
  }

  /** The sum over edges from what dictionaries leave over. */
  public Estimate errors() {
    return sum(edges()::isOfError);
  }

  private Estimate sum(IntPredicate which) {
    return attribution.sum(IntStream.of(edges().unitCells()).filter(which).toArray());
  }

  /** What the edges' ends are units of. */
  public Level level() {
    return edges().pieces().level();
  }

  private UnitEdges edges() {
    return (UnitEdges) attribution.units();
  }

  private ObjectNode object() {
    ObjectNode json = new JsonMapper().createObjectNode().put("format_version", VERSION);
    json.put("objective", objective).put("method", attribution.method().label());
    json.put("units", chosen).put("edges", attribution.units().unitCount());
    ResultJson.put(json, "J1", attribution.clean());
    ResultJson.put(json, "J0", attribution.corrupted());
    ResultJson.put(json, "difference", attribution.ends().difference());
    ResultJson.put(json, "gap", attribution.gap());
    ResultJson.put(json, "explained_sum", explained());
    ResultJson.put(json, "left_sum", left());
    ResultJson.put(json, "errors_sum", errors());
    json.set(
        "top_edges",
        ResultJson.edges(
            attribution, attribution.significance().q(), stability.inclusion(), strongest(LISTED)));
    return json;
  }

  private String csv() {
    UnitEdges edges = edges();
    EstimateCsv csv =
        new EstimateCsv(
            List.of("edge", "source", "target", "q_value"),
            List.of("score", "direct", "through_cot"));
    double[] q = attribution.significance().q();
    for (int cell : edges.unitCells()) {
      csv.add(
          List.of(
              edges.name(cell),
              edges.sourceName(cell / edges.targets()),
              edges.targetName(cell % edges.targets()),
              Double.isNaN(q[cell]) ? "" : String.valueOf(q[cell])),
          List.of(
              attribution.total().at(cell),
              attribution.direct().at(cell),
              attribution.throughCot().at(cell)));
    }
    return csv.toString();
  }

  /** What the edges join. */
  public Units units() {
    return attribution.units();
  }

  /** This as JSON, in one line. */
  public String json() {
    return object().put("edges_of", path.toString()).toString();
  }
}
