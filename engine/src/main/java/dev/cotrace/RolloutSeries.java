package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * How J came to be what it is: its mean so far after each job of {@code rollouts.jsonl}, for J(1),
 * for J(0) and for every gate value at which the gradient was taken.
 */
final class RolloutSeries {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String ENDS = "J(0) and J(1)";
  private static final String GRADIENTS = "gradients at ";

  private final boolean randomGates;
  private final Map<String, List<Point>> points = new LinkedHashMap<>();
  private final Map<String, RunningMean> means = new LinkedHashMap<>();
  private int pairs;
  private Job job = new Job("", "", "");

  /**
   * J after some jobs.
   *
   * @param tokens sampled for it
   */
  record Point(long tokens, Estimate value) {}

  /** The rollouts of a job stand together. */
  private static final class Job {
    private final String key;
    private final String series;
    private final String cluster;
    private double value;
    private long tokens;

    Job(String key, String series, String cluster) {
      this.key = key;
      this.series = series;
      this.cluster = cluster;
    }
  }

  private RolloutSeries(boolean randomGates) {
    this.randomGates = randomGates;
  }

  /**
   * Reads them, by name.
   *
   * @param randomGates whether hardly two jobs have the same gate value, so that tenths stand
   *     together
   */
  static Map<String, List<Point>> read(Path file, boolean randomGates) throws IOException {
    RolloutSeries series = new RolloutSeries(randomGates);
    RolloutLines.each(
        file,
        line -> {
          series.add(line);
          return true;
        });
    series.end();
    return series.points;
  }

  private void add(String line) {
    if (RolloutLines.isPair(line)) {
      pairs++;
      return;
    }
    JsonNode rollout = JSON.readTree(line);
    String series = series(rollout);
    String key = series + rollout.path("job").asString("");
    if (!key.equals(job.key)) {
      end();
      // With a single prompt each repeat is a cluster.
      String cluster = rollout.path(pairs > 1 ? "pair" : "repeat").asString("");
      job = new Job(key, series, cluster);
    }
    job.value +=
        rollout.path("weight").asDouble(Double.NaN) * rollout.path("value").asDouble(Double.NaN);
    job.tokens += rollout.path("sampled_ids").size();
  }

  /** Nothing for circuits, references and the like. */
  private String series(JsonNode rollout) {
    String purpose = rollout.path("purpose").asString("");
    double gate = rollout.path("alpha").asDouble(Double.NaN);
    if (purpose.equals(ENDS)) {
      return gate == 1 ? "J1-clean" : "J0-corrupted";
    }
    if (!purpose.startsWith(GRADIENTS)) {
      return "";
    }
    double tenth = Math.min(0.9, Math.floor(10 * gate) / 10);
    return randomGates
        ? String.format(Locale.ROOT, "gate-%.1f-to-%.1f", tenth, tenth + 0.1)
        : String.format(Locale.ROOT, "gate-%.4f", gate);
  }

  private void end() {
    if (job.series.isEmpty()) {
      return;
    }
    RunningMean mean = means.computeIfAbsent(job.series, _ -> new RunningMean());
    mean.add(job.cluster, job.value);
    List<Point> own = points.computeIfAbsent(job.series, _ -> new ArrayList<>());
    long before = own.isEmpty() ? 0 : own.getLast().tokens();
    own.add(new Point(before + job.tokens, mean.estimate()));
  }
}
