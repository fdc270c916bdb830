package dev.cotrace;

import dev.cotrace.attribution.Layout;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A run done once more, compared with itself.
 *
 * @param run that was done again
 * @param again the new run
 * @param changed what it was done with that the first run was not: versions, device, machine
 * @param sameScores whether the files of scores are the same to the last bit
 * @param sameRollouts whether the files of rollouts are
 * @param sameCircuit whether the files of circuits are
 * @param largest difference of two scores, as a share of the largest score
 */
public record Rerun(
    Path run,
    Path again,
    List<String> changed,
    boolean sameScores,
    boolean sameRollouts,
    boolean sameCircuit,
    double largest) {
  /** Files whose bytes are compared. */
  private static final List<String> COMPARED =
      List.of("scores.safetensors", "rollouts.jsonl", "circuit.json");

  /** What another layout of the work may change in float32, as a share of the largest score. */
  public static final double TOLERANCE = 1e-6;

  /**
   * Does {@code run} once more.
   *
   * @param out the directory to make; null for one under runs/
   * @param flags of another layout, such as {@code threads}; empty for that of the run
   * @throws IllegalArgumentException when it is no complete run, or its model or task has changed
   * @throws CancellationException as {@link Discovery#run(DiscoverySpec, DiscoveryListener)}
   */
  public static Rerun of(
      Path run, @Nullable Path out, Map<String, Object> flags, DiscoveryListener listener)
      throws IOException {
    StoredRun stored = StoredRun.read(run);
    for (String name : COMPARED) {
      StoredRun.file(run, name);
    }
    Map<String, Object> all = new HashMap<>(flags);
    if (out != null) {
      all.put("out", out.toString());
    }
    DiscoverySpec spec = SpecYaml.read(run.resolve("spec.yaml"), all);
    Layout layout = flags.isEmpty() ? RunPlan.layout(stored.provenance().path("memory")) : null;
    List<String> changed = new ArrayList<>();
    DiscoveryResult result =
        DiscoveryProcess.begin(
            spec,
            null,
            layout,
            listener,
            RunCheckpoint.EVERY,
            Runners.LOCAL,
            (course, chosen, runner) -> {
              changed.addAll(course.changes(stored.provenance(), run));
              return course.run(chosen, runner);
            });
    Path again = result.run();
    return new Rerun(
        run,
        again,
        changed,
        same(run, again, COMPARED.get(0)),
        same(run, again, COMPARED.get(1)),
        same(run, again, COMPARED.get(2)),
        largest(stored.attribution(), result.attribution()));
  }

  /** Whether the scores are the same but for what another layout may change. */
  public boolean agrees() {
    return largest <= TOLERANCE;
  }

  private static boolean same(Path run, Path again, String name) throws IOException {
    return Files.mismatch(run.resolve(name), again.resolve(name)) < 0;
  }

  private static double largest(Attribution stored, Attribution again) {
    double scale = 0;
    for (double score : stored.total().values()) {
      scale = Math.max(scale, Math.abs(score));
    }
    double largest = 0;
    List<Scores> before = List.of(stored.total(), stored.direct(), stored.throughCot());
    List<Scores> now = List.of(again.total(), again.direct(), again.throughCot());
    for (int part = 0; part < now.size(); part++) {
      for (int cell : stored.units().unitCells()) {
        double difference = before.get(part).values()[cell] - now.get(part).values()[cell];
        largest = Math.max(largest, Math.abs(difference)); // NaN stays NaN.
      }
    }
    return scale == 0 ? largest : largest / scale;
  }

  /** This as JSON, in one line. */
  public String json() {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("run", run.toString()).put("again", again.toString());
    changed.forEach(json.putArray("changed")::add);
    json.put("same_scores_file", sameScores).put("same_rollouts_file", sameRollouts);
    json.put("same_circuit_file", sameCircuit);
    ResultJson.put(json, "largest_difference", largest);
    return json.put("tolerance", TOLERANCE).put("agrees", agrees()).toString();
  }
}
