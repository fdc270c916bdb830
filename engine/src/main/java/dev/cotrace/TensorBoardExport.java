package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.report.EventFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A run as a folder for TensorBoard, with a folder for each series: those of one tag share a chart.
 * Tags end in {@code /value} and {@code /stderr}.
 */
final class TensorBoardExport {
  private static final String PREFIX = "events.out.tfevents.";
  private static final String SUFFIX = ".cotrace";

  private final Instant started;
  private final Map<String, EventFile> files = new LinkedHashMap<>();

  private TensorBoardExport(Instant started) {
    this.started = started;
  }

  /** Writes the files into {@code folder}, in place of those an earlier export left there. */
  static void write(Path folder, Path run) throws IOException {
    FinishedRun found = FinishedRun.read(run);
    TensorBoardExport export = new TensorBoardExport(started(run));
    export.addSettings(run);
    boolean random = found.setting("quadrature").equals("stratified");
    RolloutSeries.read(StoredRun.file(run, "rollouts.jsonl"), random).forEach(export::addJ);
    if (found.sweep().isPresent()) {
      export.addSweep(found.sweep().get().rows());
    } else {
      export.addCircuit("circuits-by-score", found.circuitFaithfulness());
      export.addCircuit("circuits-random", found.randomFaithfulness());
    }
    export.write(folder);
  }

  private static Instant started(Path run) throws IOException {
    String text =
        StoredRun.json(StoredRun.file(run, "provenance.json")).path("started").asString("");
    try {
      return Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "%s/provenance.json: expected started to be a time in UTC, got '%s'".formatted(run, text),
          e);
    }
  }

  private EventFile file(String series) {
    return files.computeIfAbsent(series, _ -> new EventFile(started));
  }

  private void addSettings(Path run) throws IOException {
    String spec = Files.readString(StoredRun.file(run, "spec.yaml")).strip();
    file("run").text("spec.yaml", spec.replaceAll("(?m)^", "    "));
  }

  private void addJ(String series, List<RolloutSeries.Point> points) {
    points.forEach(point -> add(file(series), "J", point.tokens(), point.value()));
  }

  /** By ascending size; the first of several with the same number of edges. */
  private void addSweep(List<StoredSweep.Row> rows) {
    EventFile scores = file("circuits-by-score");
    for (StoredSweep.Row row : bySize(rows, StoredSweep.Row::sampled)) {
      addCircuit("circuits-by-score", row.sampled());
      add(scores, "kl_per_token", row.sampled().edges(), row.divergence());
      add(scores, "accuracy", row.sampled().edges(), row.accuracy());
    }
    bySize(rows, StoredSweep.Row::random)
        .forEach(row -> addCircuit("circuits-random", row.random()));
    bySize(rows, StoredSweep.Row::magnitude)
        .forEach(row -> addCircuit("circuits-by-magnitude", row.magnitude()));
  }

  private static List<StoredSweep.Row> bySize(
      List<StoredSweep.Row> rows, Function<StoredSweep.Row, Faithfulness> circuit) {
    Map<Integer, StoredSweep.Row> sizes = new LinkedHashMap<>();
    rows.forEach(row -> sizes.putIfAbsent(circuit.apply(row).edges(), row));
    return sizes.values().stream()
        .sorted(Comparator.comparingInt(row -> circuit.apply(row).edges()))
        .toList();
  }

  private void addCircuit(String series, Faithfulness circuit) {
    add(file(series), "faithfulness", circuit.edges(), circuit.faithfulness());
  }

  /** What is not known is left out. */
  private static void add(EventFile file, String tag, long step, Estimate estimate) {
    if (Double.isFinite(estimate.value())) {
      file.scalar(tag + "/value", step, estimate.value());
    }
    if (Double.isFinite(estimate.standardError())) {
      file.scalar(tag + "/stderr", step, estimate.standardError());
    }
  }

  private void write(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      removeStale(folder);
    }
    String name = "%s%010d%s".formatted(PREFIX, started.getEpochSecond(), SUFFIX);
    for (Map.Entry<String, EventFile> file : files.entrySet()) {
      Path series = Files.createDirectories(folder.resolve(file.getKey()));
      file.getValue().write(series.resolve(name));
    }
  }

  private static void removeStale(Path folder) throws IOException {
    try (Stream<Path> stale = Files.find(folder, 2, (file, _) -> isOurs(file.getFileName()))) {
      for (Path file : stale.toList()) {
        Files.delete(file);
      }
    }
  }

  private static boolean isOurs(@Nullable Path name) {
    String text = String.valueOf(name);
    return text.startsWith(PREFIX) && text.endsWith(SUFFIX);
  }
}
