package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Stability;
import dev.cotrace.report.ReportSections;
import dev.cotrace.report.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** All that the page of a run shows, read from its directory alone. */
final class ReportData {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int MOST_EXAMPLES = 6;
  private static final int LONGEST_EXAMPLE = 400;
  private static final int MOST_INTERVENTIONS = 500;

  /** Sentences on the page at most. */
  private static final int MOST_SENTENCES = 1000;

  private static final List<String> SENTENCE =
      List.of("pair", "rollout", "sentence", "text", "value", "importance");

  private ReportData() {}

  static ObjectNode of(Path directory) throws IOException {
    StoredRun run = StoredRun.read(directory);
    DiscoverySpec spec = SpecYaml.read(directory.resolve("spec.yaml"), Map.of());
    Attribution attribution = run.attribution().with(run.clusters());
    long seed = spec.attribution().seed();
    int size = spec.top().of(attribution.units());
    Stability stability = attribution.stability(size, spec.attribution().ranking(), seed);

    ObjectNode data = JSON.createObjectNode().put("format_version", "1");
    data.set("run", run(directory, run, spec));
    data.set("metrics", metrics(run.metrics(), attribution));
    ReportSections.components(data, attribution, run.circuit().circuit(), stability);
    List<String> bins = attribution.byBin().stream().map(BinScores::name).toList();
    Path rollouts = StoredRun.file(directory, "rollouts.jsonl");
    List<Segment> segments =
        bins.isEmpty() ? List.of() : CleanTranscripts.read(rollouts, spec).segments(bins);
    ReportSections.time(data, attribution, segments);
    ReportSections.doubt(data, attribution, spec.attribution().ranking(), seed);
    ShownTranscripts.put(data, rollouts, spec, bins);
    sentences(data, directory.resolve("sentences.jsonl"));
    evaluation(data, directory, run.settings());
    verification(data, directory);
    return data;
  }

  private static ObjectNode run(Path directory, StoredRun run, DiscoverySpec spec)
      throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("name", String.valueOf(directory.toAbsolutePath().normalize().getFileName()))
        .put("model", RunNames.model(spec.model()))
        .put("task", String.valueOf(Path.of(spec.task()).getFileName()))
        .put("objective", spec.objective().toString())
        .put("bins", spec.bins().toString())
        .put("dictionary", String.join(", ", spec.units().dictionary()))
        .put(
            "errors",
            spec.units().dictionary().isEmpty() ? "" : SpecLabels.label(spec.units().errors()))
        .put("spec", Files.readString(directory.resolve("spec.yaml")));
    json.set("provenance", run.provenance());
    return json;
  }

  private static JsonNode metrics(JsonNode metrics, Attribution attribution) {
    ObjectNode kept = (ObjectNode) metrics.deepCopy();
    kept.remove(List.of("top_edges", "by_bin"));
    ResultJson.put(kept, "difference", attribution.ends().difference());
    return kept;
  }

  /** What each sentence matters, where the run asked for it. */
  private static void sentences(ObjectNode data, Path file) throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    ArrayNode sentences = data.putArray("sentences");
    RolloutLines.each(
        file,
        line -> {
          ObjectNode shown = JSON.createObjectNode();
          if (JSON.readTree(line) instanceof ObjectNode sentence) {
            SENTENCE.forEach(key -> shown.set(key, sentence.path(key)));
            shorten(shown);
            sentences.add(shown);
          }
          return sentences.size() < MOST_SENTENCES;
        });
  }

  private static void evaluation(ObjectNode data, Path directory, ObjectNode settings)
      throws IOException {
    Optional<Path> newest = StoredRun.newest(directory, "evaluation");
    if (newest.isEmpty()) {
      return;
    }
    JsonNode evaluation = StoredSweep.json(newest.get());
    for (JsonNode circuit : evaluation.path("circuits")) {
      if (circuit.path("examples") instanceof ArrayNode examples) {
        keep(examples, MOST_EXAMPLES);
        examples.forEach(ReportData::shorten);
      }
    }
    data.set("evaluation", evaluation);
    ArrayNode changes = data.putArray("evaluation_changes");
    StoredSweep.changes(newest.get(), settings).forEach(changes::add);
  }

  private static void keep(ArrayNode list, int most) {
    while (list.size() > most) {
      list.remove(list.size() - 1);
    }
  }

  private static void shorten(JsonNode example) {
    String text = example.path("text").asString("");
    if (text.codePointCount(0, text.length()) > LONGEST_EXAMPLE) {
      int end = text.offsetByCodePoints(0, LONGEST_EXAMPLE);
      ((ObjectNode) example).put("text", text.substring(0, end) + "…");
    }
  }

  private static void verification(ObjectNode data, Path directory) throws IOException {
    Optional<Path> newest = StoredRun.newest(directory, "verification");
    if (newest.isEmpty()) {
      return;
    }
    WrittenJson verification = WrittenJson.of(newest.get(), StoredRun.json(newest.get()));
    for (WrittenJson row : verification.each("/interventions")) {
      row.estimates("/score", "/effect").each("/edges");
    }
    keep((ArrayNode) verification.json().path("interventions"), MOST_INTERVENTIONS);
    data.set("verification", verification.json());
  }
}
