package dev.cotrace;

import dev.cotrace.circuit.Difference;
import dev.cotrace.circuit.Scores;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A {@link RunDifference} as files: {@code diff.json}, and {@code diff.safetensors} with F32
 * tensors {@code [n_src, n_dst]} named as those of {@link ScoresFile}, each the second run's less
 * the first's, but for {@code stderr}, {@code ci95_low}, {@code ci95_high} and {@code q_value},
 * which are of the difference.
 */
public final class DifferenceFiles {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String VERSION = "1";

  /** Edges listed in diff.json; all are in diff.safetensors. */
  private static final int EDGES = 20;

  private DifferenceFiles() {}

  /** Writes both files to {@code directory}, which must not exist. */
  public static void write(RunDifference runs, Path directory) throws IOException {
    try (RunDirectory files = RunDirectory.create(directory)) {
      files.write("diff.safetensors", file -> writeScores(runs, file));
      files.write("diff.json", json(runs).toPrettyString() + "\n");
      files.finish();
    }
  }

  private static void writeScores(RunDifference runs, Path file) throws IOException {
    Difference difference = runs.difference();
    List<StoredTensor> tensors = new ArrayList<>();
    ScoresFile.add(tensors, difference.units(), "scores", "stderr", difference.total());
    ScoresFile.add(tensors, difference.units(), "direct", "direct_stderr", difference.direct());
    ScoresFile.add(
        tensors, difference.units(), "through_cot", "through_cot_stderr", difference.throughCot());
    ScoresFile.add(tensors, difference.units(), difference.significance());
    Map<String, String> metadata = ScoresFile.names(difference.units());
    metadata.put("format_version", VERSION);
    metadata.put("first", runs.first().toString());
    metadata.put("second", runs.second().toString());
    metadata.put("errors", errors(difference));
    metadata.put("sign_convention", "positive: the score of the second run is larger");
    Safetensors.write(file, metadata, tensors);
  }

  /** The numbers of {@code runs}, with the edges that differ most. */
  public static ObjectNode json(RunDifference runs) {
    Difference difference = runs.difference();
    ObjectNode json =
        JSON.createObjectNode()
            .put("format_version", VERSION)
            .put("first", runs.first().toString())
            .put("second", runs.second().toString());
    json.set("settings", settings(runs));
    json.put("errors", errors(difference));
    for (RunDifference.Row row : runs.rows()) {
      ObjectNode entry = json.putObject(row.name());
      ResultJson.put(entry, "first", row.first());
      ResultJson.put(entry, "second", row.second());
      ResultJson.put(entry, "difference", row.difference());
    }
    json.put("edges_q_below_0.05", difference.significance().edgesBelow(0.05));
    ResultJson.put(json, "spearman", runs.agreement().spearman());
    json.put("top_n", runs.agreement().size());
    ResultJson.put(json, "jaccard", runs.agreement().jaccard());
    ObjectNode circuits =
        json.putObject("circuits")
            .put("first_edges", runs.firstCircuit().size())
            .put("second_edges", runs.secondCircuit().size())
            .put("shared_edges", runs.firstCircuit().shared(runs.secondCircuit()));
    ResultJson.put(circuits, "jaccard", runs.firstCircuit().jaccard(runs.secondCircuit()));
    json.set("top_edges", edges(runs));
    return json;
  }

  private static String errors(Difference difference) {
    return difference.pairing().name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static ArrayNode settings(RunDifference runs) {
    ArrayNode settings = JSON.createArrayNode();
    for (SettingChange change : runs.changes()) {
      settings
          .addObject()
          .put("setting", change.key())
          .put("first", change.first())
          .put("second", change.second())
          .put("meaning", change.meaning());
    }
    return settings;
  }

  private static ArrayNode edges(RunDifference runs) {
    Difference difference = runs.difference();
    ArrayNode edges = JSON.createArrayNode();
    for (int cell : runs.strongest(EDGES)) {
      ObjectNode edge = edges.addObject().put("edge", difference.units().name(cell));
      put(edge, "first", runs.firstScores().total(), cell);
      put(edge, "second", runs.secondScores().total(), cell);
      put(edge, "difference", difference.total(), cell);
      ResultJson.put(edge, "q_value", difference.significance().q()[cell]);
      put(edge, "direct", difference.direct(), cell);
      put(edge, "through_cot", difference.throughCot(), cell);
    }
    return edges;
  }

  private static void put(ObjectNode edge, String name, Scores scores, int cell) {
    ResultJson.put(edge, name, scores.at(cell));
  }
}
