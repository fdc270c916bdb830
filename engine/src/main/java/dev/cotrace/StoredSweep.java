package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.format.StrictYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The newest evaluation of a run, read from its {@code evaluation.json}; what is not there is NaN.
 *
 * @param path its directory
 * @param objective what J is the expectation of
 * @param rows the circuit of the run first, then one for each size
 * @param changes settings in which it is not as the run, as {@code errors removed}
 * @param cpr ∫ f over the sizes
 * @param cmd ∫ |1 − f| over the sizes
 */
public record StoredSweep(
    Path path, String objective, List<Row> rows, List<String> changes, Estimate cpr, Estimate cmd) {
  /** Settings that make no other evaluation. */
  private static final Set<String> IDLE =
      Set.of("out", "memory", "backward", "batch-rows", "threads", "bins", "top");

  /**
   * One circuit.
   *
   * @param name the size asked for, or the name of the circuit's file
   * @param sampled J and faithfulness of rollouts of its own
   * @param random of a random circuit of the same size
   * @param magnitude of as many edges whose sources differ most
   * @param divergence KL(G‖H_C) for each sampled token, in nats
   * @param accuracy share of rollouts after which the answer is the most probable one
   */
  public record Row(
      String name,
      Faithfulness sampled,
      Faithfulness random,
      Faithfulness magnitude,
      Estimate divergence,
      Estimate accuracy) {}

  /** The newest evaluation in {@code run} with these settings, if there is one. */
  static Optional<StoredSweep> newest(Path run, ObjectNode settings) throws IOException {
    Optional<Path> file = StoredRun.newest(run, "evaluation");
    return file.isEmpty() ? Optional.empty() : Optional.of(read(file.get(), settings));
  }

  /** In what the settings beside {@code file} are not those of a run, by key. */
  static List<String> changes(Path file, ObjectNode settings) throws IOException {
    Path spec = file.resolveSibling("spec.yaml");
    if (!Files.isRegularFile(spec)) {
      return List.of();
    }
    ObjectNode own = new StrictYaml().parse(spec.toString(), Files.readString(spec));
    return own.propertyNames().stream()
        .filter(key -> !IDLE.contains(key) && settings.has(key)) // Older runs know fewer.
        .filter(key -> !own.path(key).equals(settings.path(key)))
        .map(key ->
            key + " " + (own.path(key).isValueNode() ? own.path(key).asString() : own.path(key)))
        .toList();
  }

  /**
   * The JSON in {@code file}.
   *
   * @throws IllegalArgumentException when it is not what an evaluation writes
   */
  static JsonNode json(Path file) throws IOException {
    WrittenJson json = WrittenJson.of(file, StoredRun.json(file));
    for (WrittenJson row : json.each("/circuits")) {
      row.texts("/name").numbers("/circuit/edges").estimates("/circuit/faithfulness");
      for (String other : List.of("/teacher_forced", "/random_circuit", "/magnitude_circuit")) {
        row.optional(other).ifPresent(one -> one.numbers("/edges").estimates("/faithfulness"));
      }
    }
    for (String areas :
        List.of("/areas", "/teacher_forced_areas", "/random_areas", "/magnitude_areas")) {
      json.optional(areas).ifPresent(each -> each.estimates("/cpr", "/cmd"));
    }
    return json.json();
  }

  private static StoredSweep read(Path file, ObjectNode settings) throws IOException {
    JsonNode json = json(file);
    return new StoredSweep(
        file.resolveSibling(""),
        json.path("objective").asString(""),
        json.path("circuits").valueStream().map(StoredSweep::row).toList(),
        changes(file, settings),
        ResultJson.estimate(json.at("/areas/cpr")),
        ResultJson.estimate(json.at("/areas/cmd")));
  }

  private static Row row(JsonNode json) {
    return new Row(
        json.path("name").asString(""),
        ResultJson.faithfulness(json.path("circuit")),
        ResultJson.faithfulness(json.path("random_circuit")),
        ResultJson.faithfulness(json.path("magnitude_circuit")),
        ResultJson.estimate(json.path("kl_per_step")),
        ResultJson.estimate(json.path("accuracy")));
  }
}
