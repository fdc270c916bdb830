package dev.cotrace;

import dev.cotrace.circuit.Agreement;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Circuit.Ranking;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Difference;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Two runs on the same graph, the second less the first: everything from their files alone.
 *
 * @param first directory of the first
 * @param second directory of the second
 * @param changes settings in which they differ
 * @param difference of their scores
 * @param firstScores of the first
 * @param secondScores of the second
 * @param agreement of their scores' ranks, and in their top edges
 * @param firstCircuit of the first
 * @param secondCircuit of the second
 * @param firstFaithfulness of the first run's circuit; NaN where not defined
 * @param secondFaithfulness of the second run's circuit
 */
public record RunDifference(
    Path first,
    Path second,
    List<SettingChange> changes,
    Difference difference,
    Attribution firstScores,
    Attribution secondScores,
    Agreement agreement,
    Circuit firstCircuit,
    Circuit secondCircuit,
    Estimate firstFaithfulness,
    Estimate secondFaithfulness) {

  /**
   * Compares the runs in two directories.
   *
   * @param top how many edges to compare the ranks of; null for the smaller of what the runs say
   * @throws IllegalArgumentException when one is no complete run, or their graphs differ
   */
  public static RunDifference of(Path first, Path second, @Nullable CircuitSize top)
      throws IOException {
    StoredRun one = StoredRun.read(first);
    StoredRun other = StoredRun.read(second);
    requireSameGraph(one, other);
    requireSameUnits(one, other);
    Difference difference = difference(one, other);
    return new RunDifference(
        first,
        second,
        SettingChange.between(one, other),
        difference,
        one.attribution(),
        other.attribution(),
        agreement(one, other, top),
        one.circuit().circuit(),
        other.circuit().circuit(),
        one.circuitFaithfulness().faithfulness(),
        other.circuitFaithfulness().faithfulness());
  }

  private static void requireSameGraph(StoredRun first, StoredRun second) {
    if (!first.attribution().graph().equals(second.attribution().graph())) {
      throw new IllegalArgumentException(
          "%s has a graph of %s, but %s one of %s: only runs of models of the same shape can be compared edge by edge"
              .formatted(first.path(), shape(first), second.path(), shape(second)));
    }
  }

  private static void requireSameUnits(StoredRun first, StoredRun second) {
    Units one = first.attribution().units();
    Units other = second.attribution().units();
    if (!one.equals(other)) {
      throw new IllegalArgumentException(
          "%s has scores of %s, but %s of %s%s: only runs of the same units can be compared"
              .formatted(
                  first.path(),
                  one.level().nouns(),
                  second.path(),
                  one.level() == other.level() ? "other " : "",
                  other.level().nouns()));
    }
  }

  private static String shape(StoredRun run) {
    ComputationGraph graph = run.attribution().graph();
    return "%d layers with %d heads%s"
        .formatted(graph.layers(), graph.heads(), graph.parallel() ? " in parallel blocks" : "");
  }

  /** By cluster where both have the same prompts, several of them, and kept sums by cluster. */
  private static Difference difference(StoredRun first, StoredRun second) throws IOException {
    Attribution one = first.attribution();
    Attribution other = second.attribution();
    if (samePrompts(first, second)) {
      ClusterSums oneSums = first.clusters();
      ClusterSums otherSums = second.clusters();
      if (Difference.pairs(oneSums, otherSums)) {
        return Difference.byCluster(one.with(oneSums), other.with(otherSums));
      }
    }
    return Difference.independent(one, other);
  }

  private static boolean samePrompts(StoredRun first, StoredRun second) {
    JsonNode pairs = first.metrics().path("pairs");
    JsonNode task = first.provenance().path("task_sha256");
    return task.isString()
        && task.equals(second.provenance().path("task_sha256"))
        && pairs.asInt(0) > 1
        && pairs.equals(second.metrics().path("pairs"))
        && first.settings().path("limit").equals(second.settings().path("limit"))
        && (!(skips(first) || skips(second)) || sameModel(first, second));
  }

  /** Whether pairs may have been left out, which depends on the tokenizer. */
  private static boolean skips(StoredRun run) {
    return run.settings().path("align").asString("").equals("skip");
  }

  private static boolean sameModel(StoredRun first, StoredRun second) {
    JsonNode model = first.provenance().path("model_sha256");
    return model.isObject() && model.equals(second.provenance().path("model_sha256"));
  }

  private static Agreement agreement(StoredRun first, StoredRun second, @Nullable CircuitSize top) {
    Units units = first.attribution().units();
    int size = top != null ? top.of(units) : Math.min(top(first).of(units), top(second).of(units));
    boolean signed = ranking(first) == Ranking.SIGNED && ranking(second) == Ranking.SIGNED;
    return Agreement.of(
        units, side(first), side(second), size, signed ? Ranking.SIGNED : Ranking.ABSOLUTE);
  }

  private static Agreement.Side side(StoredRun run) {
    Attribution attribution = run.attribution();
    return new Agreement.Side(attribution.total().values(), attribution.direction());
  }

  private static CircuitSize top(StoredRun run) {
    return CircuitSize.parse(run.settings().path("top").asString("10%"));
  }

  private static Ranking ranking(StoredRun run) {
    return run.settings().path("ranking").asString("").equals("signed")
        ? Ranking.SIGNED
        : Ranking.ABSOLUTE;
  }

  /**
   * One number of both runs.
   *
   * @param name as in {@code metrics.json}
   */
  public record Row(String name, Estimate first, Estimate second, Estimate difference) {
    /** The difference of independent estimates. */
    Row(String name, Estimate first, Estimate second) {
      this(name, first, second, second.minus(first));
    }
  }

  /** The numbers of the runs as wholes. */
  public List<Row> rows() {
    Attribution one = firstScores;
    Attribution other = secondScores;
    return List.of(
        new Row("J1", one.clean(), other.clean()),
        new Row("J0", one.corrupted(), other.corrupted()),
        new Row("difference", one.ends().difference(), other.ends().difference()),
        row("scores_sum", one.total(), other.total(), difference.total()),
        row("direct_sum", one.direct(), other.direct(), difference.direct()),
        row("through_cot_sum", one.throughCot(), other.throughCot(), difference.throughCot()),
        new Row("faithfulness", firstFaithfulness, secondFaithfulness));
  }

  private static Row row(String name, Scores first, Scores second, Scores difference) {
    return new Row(name, first.sum(), second.sum(), difference.sum());
  }

  /** Cells of the {@code count} edges with the largest |difference|, the largest first. */
  public List<Integer> strongest(int count) {
    return difference.total().strongest(difference.units(), count);
  }

  /** The number of settings of what is measured that differ. */
  public long questions() {
    return changes.stream().filter(change -> change.kind() == SettingChange.Kind.QUESTION).count();
  }
}
