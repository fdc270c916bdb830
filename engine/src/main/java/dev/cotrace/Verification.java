package dev.cotrace;

import dev.cotrace.attribution.EdgeSwitches;
import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.MemoryPlan;
import dev.cotrace.attribution.WorkEstimate;
import dev.cotrace.attribution.Workload;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Calibration;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.SwitchEffect;
import dev.cotrace.circuit.Units;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/**
 * The scores of a run beside what really switching edges does.
 *
 * @param path the directory that holds this
 * @param objective what J is the expectation of
 * @param units names the cells
 * @param clean J(1)
 * @param rows one for each intervention
 * @param edges calibration of single edges
 * @param groups calibration of groups, that of all edges left out
 */
public record Verification(
    Path path,
    String objective,
    Units units,
    Estimate clean,
    List<Row> rows,
    Calibration edges,
    Calibration groups) {
  /** Of J, in float32, after as many sums as a model has. */
  private static final double ROUNDING = 1e-6;

  /** What was switched. */
  public enum Kind {
    /** One of the edges with the largest |score|. */
    TOP,
    /** An edge drawn from the others. */
    OTHER,
    /** The edges with the largest |score| together. */
    TOP_GROUP,
    /** Edges drawn from those with the largest |score|, together. */
    DRAWN_GROUP,
    /** All edges: J(1) − J(0). */
    ALL
  }

  /**
   * One intervention.
   *
   * @param cells the edges switched
   * @param score the sum of their scores
   * @param scoreDirect the sum of their direct parts
   * @param scoreThroughCot the sum of their through-CoT parts
   * @param effect of switching them
   * @param rounding what float32 may leave of a difference between two J
   */
  public record Row(
      Kind kind,
      int[] cells,
      Estimate score,
      Estimate scoreDirect,
      Estimate scoreThroughCot,
      SwitchEffect effect,
      double rounding) {
    /** Score and effect. */
    public Calibration.Pair pair() {
      return new Calibration.Pair(score, effect.total(), rounding);
    }
  }

  /**
   * What is switched.
   *
   * @param top how many edges with the largest |score|, one by one and in growing groups
   * @param others how many of the other edges
   * @param groups how many groups drawn from the top
   * @param out the directory to make
   */
  public record Choice(int top, int others, int groups, Path out) {
    /** Refuses numbers that switch nothing. */
    public Choice {
      if (top < 1) {
        throw new IllegalArgumentException("--top must be at least 1, got " + top);
      }
      if (others < 0) {
        throw new IllegalArgumentException("--others must not be negative, got " + others);
      }
      if (groups < 0) {
        throw new IllegalArgumentException("--groups must not be negative, got " + groups);
      }
    }

    /** The interventions on edges with these scores: kinds with cells. */
    private List<Switch> switches(Attribution attribution, long seed) {
      Units units = attribution.units();
      List<Integer> ranked = attribution.total().strongest(units, units.unitCount());
      int count = Math.min(top, ranked.size());
      List<Integer> first = ranked.subList(0, count);
      List<Integer> rest = new ArrayList<>(ranked.subList(count, ranked.size()));
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      Collections.shuffle(rest, random);
      List<Switch> switches = new ArrayList<>();
      first.forEach(cell -> switches.add(new Switch(Kind.TOP, cell)));
      rest.stream().limit(others).forEach(cell -> switches.add(new Switch(Kind.OTHER, cell)));
      for (int size = 2; size < 2 * count; size *= 2) {
        switches.add(new Switch(Kind.TOP_GROUP, cells(first.subList(0, Math.min(size, count)))));
      }
      for (int group = 0; group < groups && count > 2; group++) {
        List<Integer> drawn = new ArrayList<>(first);
        Collections.shuffle(drawn, random);
        int size = random.nextInt(2, count);
        switches.add(new Switch(Kind.DRAWN_GROUP, cells(drawn.subList(0, size))));
      }
      switches.add(new Switch(Kind.ALL, all(units)));
      return switches;
    }

    /** Errors and nodes that circuits do not choose as well: what lies between J(0) and J(1). */
    private static int[] all(Units units) {
      return units.switchable().unitCells();
    }

    private static int[] cells(List<Integer> cells) {
      return cells.stream().mapToInt(Integer::intValue).toArray();
    }
  }

  private record Switch(Kind kind, int... cells) {}

  /** Verifies the scores of {@code source} as {@code spec} samples. */
  public static Verification run(
      DiscoverySpec spec, CircuitSource source, Choice choice, DiscoveryListener listener)
      throws IOException {
    Attribution scores = source.attribution();
    try (RunDirectory directory = RunDirectory.create(choice.out);
        Experiment experiment = Experiment.open(spec, listener)) {
      CircuitSweep.requireSameUnits(source.file(), scores.units(), experiment.gated().units());
      List<Switch> switches = choice.switches(scores, spec.attribution().seed());
      RunPlan plan = plan(experiment, switches.size());
      Verification verification;
      try (RunLog log = new RunLog(directory, experiment, listener)) {
        log.begin(plan);
        Workload work = experiment.workload().with(plan.memory().layout());
        Evaluation ends = new Evaluation(work, log, /* keeps= */ true);
        EdgeSwitches edges = new EdgeSwitches(work, ends, log);
        double rounding =
            ROUNDING * Math.max(Math.abs(ends.clean().value()), Math.abs(ends.corrupted().value()));
        List<Row> rows =
            switches.stream()
                .map(each -> row(each, scores, edges.of(each.cells), rounding))
                .toList();
        verification = of(choice.out, scores.units(), ends.clean(), rows, spec);
        directory.write(
            "verification.json", VerificationJson.of(verification).toPrettyString() + "\n");
        directory.write("calibration.csv", VerificationCsv.of(verification));
      }
      directory.finish();
      return verification;
    }
  }

  private static Row row(Switch each, Attribution scores, SwitchEffect effect, double rounding) {
    return new Row(
        each.kind,
        each.cells,
        scores.sum(each.cells),
        scores.sumDirect(each.cells),
        scores.sumThroughCot(each.cells),
        effect,
        rounding);
  }

  private static Verification of(
      Path path, Units units, Estimate clean, List<Row> rows, DiscoverySpec spec) {
    long seed = spec.attribution().seed();
    return new Verification(
        path,
        spec.objective().toString(),
        units,
        clean,
        rows,
        Calibration.of(pairs(rows, Kind.TOP, Kind.OTHER), seed),
        Calibration.of(pairs(rows, Kind.TOP_GROUP, Kind.DRAWN_GROUP), seed));
  }

  private static List<Calibration.Pair> pairs(List<Row> rows, Kind... kinds) {
    return only(rows, kinds).map(Row::pair).toList();
  }

  private static Stream<Row> only(List<Row> rows, Kind... kinds) {
    return rows.stream().filter(row -> Arrays.asList(kinds).contains(row.kind));
  }

  /** What {@link #run} would do and take; nothing is sampled. */
  public static RunPlan plan(
      DiscoverySpec spec, CircuitSource source, Choice choice, DiscoveryListener listener)
      throws IOException {
    Attribution scores = source.attribution();
    try (Experiment experiment = Experiment.open(spec, listener)) {
      CircuitSweep.requireSameUnits(source.file(), scores.units(), experiment.gated().units());
      return plan(experiment, choice.switches(scores, spec.attribution().seed()).size());
    }
  }

  private static RunPlan plan(Experiment experiment, int switches) {
    Workload work = experiment.workload();
    // Each is sampled, and run on the clean model's rollouts.
    return new RunPlan(
        experiment.memory(MemoryPlan.Purpose.EVALUATION),
        WorkEstimate.ofCircuits(work, 2 * switches));
  }

  /** The rows of {@code kinds}, in order. */
  public Stream<Row> rows(Kind... kinds) {
    return only(rows, kinds);
  }

  /** The edges of {@code row} in words. */
  public String name(Row row) {
    return switch (row.kind) {
      case TOP, OTHER -> units.name(row.cells[0]);
      case TOP_GROUP -> "the top " + row.cells.length;
      case DRAWN_GROUP -> "%d of the top".formatted(row.cells.length);
      case ALL -> "all " + units.switchable().counted(row.cells.length);
    };
  }

  /** This as JSON, in one line. */
  public String json() {
    return VerificationJson.of(this).put("verification", path.toString()).toString();
  }
}
