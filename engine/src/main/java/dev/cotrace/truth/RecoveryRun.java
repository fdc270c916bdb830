package dev.cotrace.truth;

import dev.cotrace.DiscoveryListener;
import dev.cotrace.attribution.JobResult;
import dev.cotrace.attribution.RunListener;
import dev.cotrace.circuit.Estimate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.Stream;

/** Compiles known models, lets the contenders score their edges, and compares with the truth. */
public final class RecoveryRun {
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

  private RecoveryReport.Task measure(KnownCircuit known, KnownFolder folder) throws IOException {
    Map<String, List<TrialResult>> results = new LinkedHashMap<>();
    for (int run = 0; run < settings.runs(); run++) {
      listener.say("%s: run %d of %d".formatted(known.name(), run + 1, settings.runs()));
      try (Trial trial = trial(known, folder, settings.seed() + run)) {
        for (Contender contender : Contender.named(settings.methods())) {
          results
              .computeIfAbsent(contender.name(), _ -> new ArrayList<>())
              .add(TrialResult.of(known, contender.find(trial, jobs)));
        }
      }
    }
    List<RecoveryReport.Row> rows = new ArrayList<>();
    results.forEach((name, each) -> rows.add(row(name, each)));
    return new RecoveryReport.Task(
        known.name(), known.about(), known.graph().edgeCount(), known.edges().size(), rows);
  }

  private Trial trial(KnownCircuit known, KnownFolder folder, long seed) throws IOException {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    Path task = folder.task("task-" + seed, known, settings.pairs(), random);
    Map<String, Object> flags =
        Map.of(
            "model", folder.model().toString(),
            "task", task.toString(),
            // In float32 GELU's rounding alone would give edges without an effect scores of 1e-8.
            "dtype", "float64",
            "rollouts", settings.rollouts(),
            "seed", seed);
    return Trial.open(flags, DiscoveryListener.SILENT);
  }

  private static RecoveryReport.Row row(String name, List<TrialResult> results) {
    Estimate misplaced = mean(results, TrialResult::misplaced);
    return new RecoveryReport.Row(
        name,
        mean(results, result -> result.recovery().auroc()),
        mean(results, result -> result.recovery().averagePrecision()),
        Double.isNaN(misplaced.value()) ? Optional.empty() : Optional.of(misplaced));
  }

  private static Estimate mean(List<TrialResult> results, ToDoubleFunction<TrialResult> of) {
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
