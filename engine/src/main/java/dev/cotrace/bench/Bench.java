package dev.cotrace.bench;

import dev.cotrace.attribution.Evaluation;
import dev.cotrace.attribution.Settings.Backward;
import dev.cotrace.rollout.Objective;
import dev.cotrace.torch.FreeMemory;
import dev.cotrace.torch.Torch;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/** Runs the measurements that are asked for, one after another. */
public final class Bench {
  private static final String PLAIN = "plain";
  private static final String GATED = "gated";
  private static final String ENDS = "ends";
  private static final String POINT = "attribution";

  /** Tokens, at most, that every contender samples once before it is timed. */
  private static final int WARM_UP = 4;

  private final BenchSettings settings;
  private final Work work;
  private final Lines lines;
  private final ChildJvm child;
  private final Consumer<String> progress;

  private Bench(
      BenchSettings settings, Work work, Lines lines, ChildJvm child, Consumer<String> progress) {
    this.settings = settings;
    this.work = work;
    this.lines = lines;
    this.child = child;
    this.progress = progress;
  }

  /**
   * Measures as {@code settings} say.
   *
   * @param child runs this program anew, for measurements of memory
   * @param sink takes a JSON object for each measurement
   * @param progress takes what is for people
   * @throws IllegalArgumentException when the model cannot be used, or has too few positions for T
   */
  public static void run(
      BenchSettings settings, ChildJvm child, Consumer<String> sink, Consumer<String> progress)
      throws IOException {
    if (settings.threads() != null) {
      Torch.threads(settings.threads());
    }
    Objective objective = Objective.parse(settings.objective());
    try (Subject subject = Subject.open(settings)) {
      Work work = new Work(subject.decoder(), settings.promptTokens(), objective);
      requireRoom(settings, work);
      Lines lines = new Lines(settings, Surroundings.of(subject, settings), sink);
      Bench bench = new Bench(settings, work, lines, child, progress);
      for (Kind kind : Kind.values()) {
        if (settings.kinds().contains(kind)) {
          bench.measure(kind);
        }
      }
    }
  }

  /** Before anything is measured, the most that will be. */
  private static void requireRoom(BenchSettings settings, Work work) {
    long free = FreeMemory.at(settings.placement());
    boolean grows =
        settings.kinds().contains(Kind.SCALING) || settings.kinds().contains(Kind.MEMORY);
    if (grows) {
      work.requireRoom(settings.batches().getFirst(), Collections.max(settings.tokens()), free);
    }
    work.requireRoom(Collections.max(settings.batches()), settings.tokens().getFirst(), free);
  }

  private void measure(Kind kind) throws IOException {
    switch (kind) {
      case SAMPLING -> {
        for (int batch : settings.batches()) {
          sampling(batch, settings.tokens().getFirst());
        }
      }
      case ATTRIBUTION -> {
        for (int batch : settings.batches()) {
          attribution(batch, settings.tokens().getFirst());
        }
      }
      case SCALING -> scaling(settings.batches().getFirst());
      case BACKWARD -> {
        for (int batch : settings.batches()) {
          backward(batch, settings.tokens().getFirst());
        }
      }
      case MEMORY -> memory(settings.batches().getFirst());
    }
  }

  private void sampling(int batch, int tokens) throws IOException {
    progress.accept(
        "gated sampling against plain decoding: %d rollouts of %d tokens".formatted(batch, tokens));
    int few = Math.min(WARM_UP, tokens);
    work.plain(batch, few);
    work.gated(batch, few);
    SequencedMap<String, Runnable> contenders = new LinkedHashMap<>();
    contenders.put(PLAIN, () -> work.plain(batch, tokens));
    contenders.put(GATED, () -> work.gated(batch, tokens));
    Timings timings = Timings.of(contenders, settings.rounds(), progress);
    SequencedMap<String, Object> line = lines.begin("sampling", batch);
    line.put("tokens", tokens);
    line.put("ratio", timings.fastest(PLAIN) / timings.fastest(GATED));
    line.put("ratio_of", "tokens per second of gated sampling over those of plain decoding");
    addTimes(line, timings, batch * tokens, PLAIN, GATED);
    lines.end(line);
  }

  private void attribution(int batch, int tokens) throws IOException {
    progress.accept(
        "attribution at one gate against plain decoding: %d rollouts of %d tokens"
            .formatted(batch, tokens));
    int few = Math.min(WARM_UP, tokens);
    work.plain(batch, few);
    whole(batch, few);
    AtomicReference<Evaluation> ends = new AtomicReference<>();
    SequencedMap<String, Runnable> contenders = new LinkedHashMap<>();
    contenders.put(PLAIN, () -> work.plain(batch, tokens));
    contenders.put(ENDS, () -> ends.set(work.ends(batch, tokens)));
    contenders.put(POINT, () -> work.attribution(batch, tokens, ends.get()));
    Timings timings = Timings.of(contenders, settings.rounds(), progress);
    double plain = timings.fastest(PLAIN);
    double point = timings.fastest(POINT);
    SequencedMap<String, Object> line = lines.begin("attribution", batch);
    line.put("tokens", tokens);
    line.put("objective", settings.objective());
    line.put("ratio", plain / point);
    line.put(
        "ratio_of",
        "tokens per second of sampling, gradient and scores at one gate, without J(0) and J(1), over those of plain decoding");
    line.put("flop_equivalents", point / plain);
    line.put("flop_equivalents_with_ends", (point + timings.fastest(ENDS)) / plain);
    addTimes(line, timings, batch * tokens, PLAIN, POINT);
    lines.end(line);
  }

  private void backward(int batch, int tokens) throws IOException {
    progress.accept(
        "recorded against recomputed backward pass: %d rollouts of %d tokens"
            .formatted(batch, tokens));
    whole(batch, Math.min(WARM_UP, tokens));
    Evaluation ends = work.ends(batch, tokens);
    SequencedMap<String, Runnable> contenders = new LinkedHashMap<>();
    for (Backward kind : List.of(Backward.RECORDED, Backward.RECOMPUTE)) {
      contenders.put(name(kind), () -> work.attribution(batch, tokens, ends, kind));
    }
    Timings timings = Timings.of(contenders, settings.rounds(), progress);
    String recorded = name(Backward.RECORDED);
    String recompute = name(Backward.RECOMPUTE);
    SequencedMap<String, Object> line = lines.begin("backward", batch);
    line.put("tokens", tokens);
    line.put("objective", settings.objective());
    line.put("ratio", timings.fastest(recompute) / timings.fastest(recorded));
    line.put(
        "ratio_of",
        "seconds of an attribution at one gate, without J(0) and J(1), with --backward recompute over those with recorded");
    addTimes(line, timings, batch * tokens, recorded, recompute);
    lines.end(line);
  }

  private static String name(Backward kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private void addTimes(
      SequencedMap<String, Object> line, Timings timings, int tokens, String... contenders) {
    SequencedMap<String, Double> rates = new LinkedHashMap<>();
    for (String contender : contenders) {
      rates.put(contender, tokens / timings.fastest(contender));
    }
    line.put("seconds", timings.fastest());
    line.put("all_seconds", timings.seconds());
    line.put("statistic", statistic());
    line.put("tokens_per_second", rates);
  }

  private String statistic() {
    return "fastest of %d interleaved rounds".formatted(settings.rounds());
  }

  private void scaling(int batch) throws IOException {
    progress.accept("attribution with J(0) and J(1), %d rollouts of each T".formatted(batch));
    whole(batch, Math.min(WARM_UP, settings.tokens().getFirst()));
    SequencedMap<String, Runnable> contenders = new LinkedHashMap<>();
    for (int tokens : settings.tokens()) {
      contenders.put("T=" + tokens, () -> whole(batch, tokens));
    }
    Timings timings = Timings.of(contenders, settings.rounds(), progress);
    List<List<Double>> all = List.copyOf(timings.seconds().values());
    double[] seconds =
        timings.fastest().values().stream().mapToDouble(Double::doubleValue).toArray();
    Quantity time =
        new Quantity("seconds", "seconds of an attribution at one gate with J(0) and J(1)");
    growth(
        "scaling",
        batch,
        time,
        seconds,
        i -> Map.of("all_seconds", all.get(i), "statistic", statistic()));
    slope("scaling-slope", batch, time, seconds, "log seconds in log T", Fit::ofLogarithms);
  }

  private void whole(int batch, int tokens) {
    work.attribution(batch, tokens, work.ends(batch, tokens));
  }

  private void memory(int batch) throws IOException {
    progress.accept(
        "peak memory of attributions with J(0) and J(1), %d rollouts, a process for each T"
            .formatted(batch));
    double[] peaks = new double[settings.tokens().size()];
    for (int i = 0; i < peaks.length; i++) {
      int tokens = settings.tokens().get(i);
      peaks[i] = child.peakMemory(settings, batch, tokens);
      progress.accept("T=%d: %.0f MB".formatted(tokens, peaks[i] / 1e6));
    }
    Quantity memory =
        new Quantity(
            "child_peak_memory_bytes",
            "peak resident memory of a process that makes one attribution with J(0) and J(1)");
    growth("memory", batch, memory, peaks, _ -> Map.of());
    slope("memory-slope", batch, memory, peaks, "bytes in T", Fit::of);
  }

  /**
   * Something that grows with T.
   *
   * @param key of its values
   * @param text what it is
   */
  private record Quantity(String key, String text) {}

  private interface Fitting {
    Fit of(double[] x, double[] y);
  }

  /** A line for each T, with the value there over that at the first T. */
  private void growth(
      String name,
      int batch,
      Quantity quantity,
      double[] values,
      IntFunction<Map<String, Object>> beside)
      throws IOException {
    for (int i = 0; i < values.length; i++) {
      SequencedMap<String, Object> line = lines.begin(name, batch);
      line.put("tokens", settings.tokens().get(i));
      line.put("objective", settings.objective());
      line.put("ratio", values[i] / values[0]);
      line.put("ratio_of", quantity.text + ", over that at T = " + settings.tokens().getFirst());
      line.put(quantity.key, values[i]);
      line.putAll(beside.apply(i));
      lines.end(line);
    }
  }

  /** One line for how the values grow; none where there is one T only. */
  private void slope(
      String name, int batch, Quantity quantity, double[] values, String of, Fitting fitting)
      throws IOException {
    if (values.length > 1) {
      double[] tokens = settings.tokens().stream().mapToDouble(Integer::doubleValue).toArray();
      Fit fit = fitting.of(tokens, values);
      SequencedMap<String, Object> line = lines.begin(name, batch);
      line.put("tokens", settings.tokens());
      line.put("objective", settings.objective());
      line.put("slope", fit.slope());
      line.put("slope_error", fit.slopeError());
      line.put("slope_of", of);
      line.put(quantity.key, values);
      lines.end(line);
    }
  }
}
