package dev.cotrace;

import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Faithfulness;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * The newest evaluation of a run, read from its {@code evaluation.json}; what is not there is NaN.
 *
 * @param path its directory
 * @param objective what J is the expectation of
 * @param rows the circuit of the run first, then one for each size
 * @param cpr ∫ f over the sizes
 * @param cmd ∫ |1 − f| over the sizes
 */
public record StoredSweep(Path path, String objective, List<Row> rows, Estimate cpr, Estimate cmd) {
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

  /** The newest evaluation in {@code run}, if there is one. */
  static Optional<StoredSweep> newest(Path run) throws IOException {
    Optional<Path> file = StoredRun.newest(run, "evaluation");
    return file.isEmpty() ? Optional.empty() : Optional.of(read(file.get()));
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

  private static StoredSweep read(Path file) throws IOException {
    JsonNode json = json(file);
    return new StoredSweep(
        file.resolveSibling(""),
        json.path("objective").asString(""),
        json.path("circuits").valueStream().map(StoredSweep::row).toList(),
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
