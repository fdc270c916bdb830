package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.report.CircuitJson;
import dev.cotrace.report.ExportedCircuit;
import dev.cotrace.report.GraphLabels;
import dev.cotrace.report.Segment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an attribution graph says of the run it is from, read from the run directory alone. */
final class RunLabels {
  private static final String WEIGHT =
      "sum over q, k and v of the edges' scores at these positions, in the unit of J";

  private RunLabels() {}

  static GraphLabels of(
      CircuitSource source, ExportedCircuit exported, ExportFormat.Neuronpedia asked)
      throws IOException {
    Attribution attribution = exported.attribution();
    return attribution == null ? ofFile(source, asked) : ofRun(source, attribution, asked);
  }

  private static GraphLabels ofFile(CircuitSource source, ExportFormat.Neuronpedia asked)
      throws IOException {
    return new GraphLabels(
        Objects.requireNonNullElse(asked.slug(), RunNames.safe(source.stem())),
        Objects.requireNonNullElse(asked.scan(), "model"),
        "",
        "A circuit from the file %s.".formatted(source.path().getFileName()),
        List.of(new Segment(CleanTranscripts.EVERYWHERE, "", Double.NaN)),
        Map.of("weight", WEIGHT),
        Provenance.version(),
        Files.getLastModifiedTime(source.file()).toMillis());
  }

  private static GraphLabels ofRun(
      CircuitSource source, Attribution attribution, ExportFormat.Neuronpedia asked)
      throws IOException {
    Path run = source.path();
    DiscoverySpec spec = SpecYaml.read(run.resolve("spec.yaml"), Map.of());
    JsonNode provenance =
        new JsonMapper().readTree(Files.readString(run.resolve("provenance.json")));
    CleanTranscripts transcripts = CleanTranscripts.read(run.resolve("rollouts.jsonl"), spec);
    List<String> bins = attribution.byBin().stream().map(BinScores::name).toList();
    return new GraphLabels(
        Objects.requireNonNullElse(asked.slug(), RunNames.safe(source.stem())),
        Objects.requireNonNullElse(asked.scan(), RunNames.model(spec.model())),
        transcripts.prompt(),
        description(spec, attribution, transcripts.pairs()),
        transcripts.segments(bins),
        settings(spec, attribution),
        provenance.at("/versions/cotrace").asString(Provenance.version()),
        Instant.parse(provenance.path("started").stringValue()).toEpochMilli());
  }

  private static String description(DiscoverySpec spec, Attribution attribution, int pairs) {
    return "Circuit by %s for %s on %d prompt pairs. Columns are positions of all transcripts together (--bins %s); their texts are those of one of them. A link is worth the sum of its edges' scores, in the unit of J; J(1) - J(0) = %s."
        .formatted(
            attribution.method().label(),
            spec.objective(),
            pairs,
            spec.bins(),
            difference(attribution));
  }

  private static String difference(Attribution attribution) {
    Estimate difference = attribution.ends().difference();
    return "%.4g ± %.2g".formatted(difference.value(), difference.standardError());
  }

  private static Map<String, String> settings(DiscoverySpec spec, Attribution attribution) {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("method", attribution.method().label());
    settings.put("sign_convention", CircuitJson.SIGN_CONVENTION);
    settings.put("weight", WEIGHT);
    settings.put("edges", "score and standard error of each edge of a link");
    settings.put("objective", spec.objective().toString());
    settings.put("corruption", spec.sampling().corruption().toString());
    settings.put("bins", spec.bins().toString());
    settings.put("rollouts", String.valueOf(spec.attribution().rollouts()));
    settings.put("points", String.valueOf(attribution.points()));
    settings.put("clusters", String.valueOf(attribution.clusters()));
    settings.put("sampled_tokens", String.valueOf(attribution.sampledTokens()));
    settings.put("seed", String.valueOf(spec.attribution().seed()));
    return settings;
  }
}
