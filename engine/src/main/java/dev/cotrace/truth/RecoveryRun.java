package dev.cotrace.truth;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Recovery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/** Compiles known models, lets the contenders score their edges, and compares with the truth. */
public final class RecoveryRun {
  /** What rounding makes of no effect stays below this; J is a probability. */
  private static final double ROUNDING = 1e-9;

  private final RecoverySettings settings;
  private final DiscoveryListener listener;
  private final RunListener jobs;

  private RecoveryRun(RecoverySettings settings, DiscoveryListener listener) {
    this.settings = settings;
    this.listener = listener;
    jobs = new Stopping(listener);
  }

  /**
   * Measures what {@code settings} ask for.
   *
   * @throws CancellationException when {@code listener} asks for an early end
   */
  public static RecoveryReport run(RecoverySettings settings, DiscoveryListener listener)
      throws IOException {
    Path out = settings.out();
    if (out != null && Files.exists(out)) {
      throw new IllegalArgumentException(
          "the output directory %s already exists; give another --out or remove it".formatted(out));
    }
    Path directory =
        out == null ? Files.createTempDirectory("cotrace-recover") : Files.createDirectories(out);
    try {
      RecoveryRun run = new RecoveryRun(settings, listener);
      List<RecoveryReport.Task> tasks = new ArrayList<>();
      for (KnownCircuit known : KnownCircuit.named(settings.tasks())) {
        tasks.add(run.measure(known, KnownFolder.write(known, directory)));
      }
      return new RecoveryReport(tasks);
    } finally {
      if (out == null) {
        delete(directory);
      }
    }
  }

  /** One contender's result in one run. */
  private record Result(Recovery recovery, double misplaced) {}

  private RecoveryReport.Task measure(KnownCircuit known, KnownFolder folder) throws IOException {
    Circuit truth = known.truth();
    Map<String, List<Result>> results = new LinkedHashMap<>();
    for (int run = 0; run < settings.runs(); run++) {
      long seed = settings.seed() + run;
      Path task =
          folder.task(
              "task-" + seed,
              known,
              settings.pairs(),
              RandomGeneratorFactory.of("L64X128MixRandom").create(seed));
      Map<String, Object> flags =
          Map.of(
              "model", folder.model().toString(),
              "task", task.toString(),
              "rollouts", settings.rollouts(),
              "seed", seed);
      listener.say("%s: run %d of %d".formatted(known.name(), run + 1, settings.runs()));
      try (Trial trial = Trial.open(flags, DiscoveryListener.SILENT)) {
        for (Contender contender : Contender.named(settings.methods())) {
          Contender.Found found = contender.find(trial, jobs);
          double misplaced =
              found.attribution().map(scores -> misplaced(known, scores)).orElse(Double.NaN);
          results
              .computeIfAbsent(contender.name(), _ -> new ArrayList<>())
              .add(new Result(Recovery.of(rounded(found.scores()), truth), misplaced));
        }
      }
    }
    List<RecoveryReport.Row> rows = new ArrayList<>();
    results.forEach((name, each) -> rows.add(row(name, each)));
    int edges = truth.graph().edgeCount();
    return new RecoveryReport.Task(known.name(), known.about(), edges, truth.size(), rows);
  }

  /** Of the parts of the true edges' scores, the share where an edge has no effect. */
  private static double misplaced(KnownCircuit known, Attribution scores) {
    double[] directs = rounded(scores.direct().values());
    double[] throughs = rounded(scores.throughCot().values());
    double wrong = 0;
    double all = 0;
    for (Map.Entry<Integer, Way> edge : known.ways().entrySet()) {
      double direct = Math.abs(directs[edge.getKey()]);
      double through = Math.abs(throughs[edge.getKey()]);
      all += direct + through;
      wrong +=
          switch (edge.getValue()) {
            case THROUGH -> direct;
            case AROUND -> through;
            case BOTH -> 0;
          };
    }
    return wrong / all; // NaN where all is zero
  }

  /** Edges without an effect are tied, not ranked by their rounding errors. */
  private static double[] rounded(double[] scores) {
    return Arrays.stream(scores).map(score -> Math.abs(score) < ROUNDING ? 0 : score).toArray();
  }

  private static RecoveryReport.Row row(String name, List<Result> results) {
    Estimate misplaced = mean(results, Result::misplaced);
    return new RecoveryReport.Row(
        name,
        mean(results, result -> result.recovery.auroc()),
        mean(results, result -> result.recovery.averagePrecision()),
        Double.isNaN(misplaced.value()) ? Optional.empty() : Optional.of(misplaced));
  }

  private static Estimate mean(List<Result> results, ToDoubleFunction<Result> of) {
    return Estimate.mean(results.stream().mapToDouble(of).toArray());
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** Ends a run when asked to; what its jobs have to say is not shown. */
  private record Stopping(DiscoveryListener listener) implements RunListener {
    @Override
    public void planned(String purpose, int jobs) {
      stopIfAsked();
    }

    @Override
    public void done(JobResult result) {
      stopIfAsked();
    }

    private void stopIfAsked() {
      if (listener.stopRequested()) {
        throw new CancellationException("stopped as asked");
      }
    }
  }
}
