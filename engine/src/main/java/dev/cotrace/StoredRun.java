package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.Faithfulness;
import dev.cotrace.format.JsonProblem;
import dev.cotrace.format.StrictYaml;
import dev.cotrace.report.CircuitJson;
import dev.cotrace.report.ScoredCircuit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A complete run, read from its directory: no model and no task is needed.
 *
 * @param path the directory, as it was given
 * @param attribution of {@code scores.safetensors}; numbers are those of float32
 * @param circuit of {@code circuit.json}
 * @param settings of {@code spec.yaml}, by key
 * @param provenance of {@code provenance.json}
 * @param metrics of {@code metrics.json}
 */
record StoredRun(
    Path path,
    Attribution attribution,
    ScoredCircuit circuit,
    ObjectNode settings,
    JsonNode provenance,
    JsonNode metrics) {
  private static final JsonMapper JSON = new JsonMapper();

  /**
   * Reads the run in {@code directory}.
   *
   * @throws IllegalArgumentException when it is not a complete run directory, or a file of it is
   *     not what a run writes
   * @throws dev.cotrace.format.MalformedModelException when its scores are damaged
   */
  static StoredRun read(Path directory) throws IOException {
    Attribution attribution = ScoresFile.read(file(directory, "scores.safetensors"));
    Path circuitFile = file(directory, "circuit.json");
    ScoredCircuit circuit = CircuitJson.read(circuitFile);
    CircuitSweep.requireSameUnits(circuitFile, circuit.units(), attribution.units());
    Path spec = file(directory, "spec.yaml");
    return new StoredRun(
        directory,
        attribution,
        circuit,
        new StrictYaml().parse(spec.toString(), Files.readString(spec)),
        json(file(directory, "provenance.json")),
        metrics(file(directory, "metrics.json")));
  }

  private static JsonNode metrics(Path file) throws IOException {
    return WrittenJson.of(file, json(file))
        .texts("/method", "/completeness", "/circuit/selection")
        .numbers("/pairs", "/points", "/sampled_tokens", "/edges_q_below_0.05", "/stability/top_n")
        .numbers("/circuit/edges", "/random_circuit/edges")
        .estimates("/J1", "/J0", "/direct_sum", "/through_cot_sum")
        .estimates("/circuit/faithfulness", "/random_circuit/faithfulness")
        .json();
  }

  /** The scores by cluster; none where the run did not keep them. */
  ClusterSums clusters() throws IOException {
    Path file = path.resolve("clusters.safetensors");
    return Files.exists(file) ? ClustersFile.read(file, attribution.units()) : ClusterSums.NONE;
  }

  /** What the circuit keeps of the behaviour; NaN where not known. */
  Faithfulness circuitFaithfulness() {
    return ResultJson.faithfulness(metrics.path("circuit"));
  }

  /** The file of the run that is called {@code name}. */
  static Path file(Path directory, String name) {
    Path file = directory.resolve(name);
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "%s is not the directory of a complete run: there is no %s in it%s"
              .formatted(
                  directory,
                  name,
                  RunDirectory.adviceOn(directory).isEmpty()
                      ? "; cotrace discover makes one"
                      : RunDirectory.adviceOn(directory)));
    }
    return file;
  }

  /**
   * The file {@code NAME.json} in the newest of the directories {@code NAME}, {@code NAME-2} and so
   * on of a run.
   */
  static Optional<Path> newest(Path directory, String name) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries
          .filter(entry -> number(entry, name) > 0)
          .sorted(Comparator.comparingInt(entry -> -number(entry, name)))
          .map(entry -> entry.resolve(name + ".json"))
          .filter(Files::isRegularFile)
          .findFirst();
    }
  }

  private static int number(Path entry, String name) {
    String own = String.valueOf(entry.getFileName());
    if (own.equals(name)) {
      return 1;
    }
    return own.matches(name + "-[0-9]{1,6}")
        ? Integer.parseInt(own.substring(name.length() + 1))
        : 0;
  }

  /** The JSON in {@code file}. */
  static JsonNode json(Path file) throws IOException {
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s, line %d: expected JSON, but: %s"
              .formatted(file, JsonProblem.line(e), JsonProblem.of(e)),
          e);
    }
  }
}
