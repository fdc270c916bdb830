package dev.cotrace.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Graphs against Neuronpedia's schema (2026-08-20) and what its viewer and circuit-tracer's do. */
class AttributionGraphJsonTest {
  private static final int PLENTY = 100_000;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void graphsKeepTheSchema(long seed) throws IOException {
    JsonNode graph = written(RandomCircuits.of(seed, (int) seed % 4), PLENTY);
    require(graph, Map.of("metadata", JsonNode::isObject, "qParams", JsonNode::isObject));
    require(graph, Map.of("nodes", JsonNode::isArray, "links", JsonNode::isArray));
    JsonNode metadata = graph.path("metadata");
    require(metadata, Map.of("slug", JsonNode::isString, "scan", JsonNode::isString));
    require(metadata, Map.of("prompt_tokens", JsonNode::isArray, "prompt", JsonNode::isString));
    require(metadata, Map.of("node_threshold", JsonNode::isNumber, "info", JsonNode::isObject));
    require(metadata.path("info"), Map.of("create_time_ms", JsonNode::isNumber));
    assertThat(metadata.path("prompt_tokens")).allMatch(JsonNode::isString);
    assertThat(graph.path("qParams").path("pinnedIds").isArray()).isTrue();
    for (JsonNode node : graph.path("nodes")) {
      require(node, Map.of("node_id", JsonNode::isString, "ctx_idx", JsonNode::isIntegralNumber));
      require(node, Map.of("layer", JsonNode::isString, "feature_type", JsonNode::isString));
      require(node, Map.of("jsNodeId", JsonNode::isString, "clerp", JsonNode::isString));
      require(node, Map.of("feature", feature -> feature.isIntegralNumber() || feature.isNull()));
      assertThat(node.path("influence").isMissingNode() || node.path("influence").isNumber())
          .isTrue();
    }
    for (JsonNode link : graph.path("links")) {
      require(link, Map.of("source", JsonNode::isString, "target", JsonNode::isString));
      require(link, Map.of("weight", JsonNode::isNumber));
    }
  }

  private static void require(JsonNode object, Map<String, Predicate<JsonNode>> keys) {
    keys.forEach((key, type) ->
        assertThat(type.test(object.path(key))).as("%s of %s", key, object).isTrue());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theViewersCanShowIt(long seed) throws IOException {
    JsonNode graph = written(RandomCircuits.of(seed, (int) seed % 4), PLENTY);
    int columns = graph.path("metadata").path("prompt_tokens").size();
    assertThat(columns).as("a feature may be at two thirds of the tokens").isGreaterThan(1);
    assertThat(graph.path("metadata").path("schema_version").asInt()).isEqualTo(1);
    Set<String> ids = new HashSet<>();
    Set<String> features = new HashSet<>();
    int highest = 0;
    for (JsonNode node : graph.path("nodes")) {
      int at = node.path("ctx_idx").asInt();
      String type = node.path("feature_type").asString();
      assertThat(ids.add(node.path("node_id").asString())).as("ids are unique").isTrue();
      assertThat(at).isBetween(0, columns - 1);
      if (node.path("feature").isNumber()) {
        assertThat(features.add(node.path("layer") + "/" + node.path("feature") + "/" + at))
            .as("nodes with the same layer, feature and column are drawn as one")
            .isTrue();
        assertThat(unpaired(node.path("feature").asLong())[0])
            .isEqualTo(Long.parseLong(node.path("layer").asString()));
        highest = Math.max(highest, Integer.parseInt(node.path("layer").asString()));
      }
      if (type.equals("logit")) {
        String percent = node.path("clerp").asString().split("\\(p=", -1)[1].split("\\)", -1)[0];
        assertThat(Double.parseDouble(percent)).isBetween(0.0, 1.0);
      }
      assertThat(type).isIn("embedding", "logit", "lorsa", "unknown");
    }
    assertThat(highest).as("no layer found").isPositive();
    for (JsonNode link : graph.path("links")) {
      assertThat(ids).contains(link.path("source").asString(), link.path("target").asString());
    }
  }

  /** Cantor's pair, as the viewer takes it apart. */
  private static long[] unpaired(long pair) {
    long sum = (long) ((Math.sqrt(8.0 * pair + 1) - 1) / 2);
    long second = pair - sum * (sum + 1) / 2;
    return new long[] {sum - second, second};
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void linksAreTheScoresOfTheCircuitByBin(long seed) throws IOException {
    int bins = (int) seed % 4;
    ExportedCircuit exported = RandomCircuits.of(seed, bins);
    JsonNode graph = written(exported, PLENTY);
    Map<String, Double> listed = new HashMap<>();
    for (JsonNode link : graph.path("links")) {
      String source = link.path("source").asString();
      String bin = source.substring(source.lastIndexOf('_') + 1);
      double sum = 0;
      for (Map.Entry<String, JsonNode> edge : link.path("edges").properties()) {
        double score = edge.getValue().get(0).asDouble();
        assertThat(listed.put(bin + edge.getKey(), score)).isNull();
        sum += score;
      }
      assertThat(link.path("weight").asDouble()).isCloseTo(sum, offset(1e-6));
    }
    Map<String, Double> expected = new HashMap<>();
    for (int bin = 0; bin < Math.max(1, bins); bin++) {
      Scores scores =
          bins == 0
              ? RandomCircuits.attribution(exported).total()
              : RandomCircuits.attribution(exported).byBin().get(bin).total();
      for (int cell : exported.graph().edgeCells()) {
        if (exported.circuit().contains(cell)) {
          expected.put(
              bin + exported.graph().edge(cell).toString(), (double) (float) scores.values()[cell]);
        }
      }
    }
    assertThat(listed.keySet()).isEqualTo(expected.keySet());
    listed.forEach((edge, score) -> assertThat(score).isCloseTo(expected.get(edge), offset(1e-6)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void influenceFallsWithWhatLeadsOutOfANodeAndEndsAtOne(long seed) throws IOException {
    JsonNode graph = written(RandomCircuits.of(seed, 3), PLENTY);
    Map<String, Double> out = new HashMap<>();
    for (JsonNode link : graph.path("links")) {
      out.merge(
          link.path("source").asString(), Math.abs(link.path("weight").asDouble()), Double::sum);
    }
    double total = out.values().stream().mapToDouble(Double::doubleValue).sum();
    for (JsonNode node : graph.path("nodes")) {
      Double own = out.get(node.path("node_id").asString());
      assertThat(node.has("influence")).isEqualTo(own != null);
      if (own != null) {
        double before =
            out.values().stream().filter(other -> other > own).mapToDouble(x -> x).sum();
        assertThat(node.path("influence").asDouble())
            .isCloseTo((before + own) / total, offset(1e-5));
      }
    }
  }

  @Test
  void theStrongestLinksAreKept() throws IOException {
    ExportedCircuit exported = RandomCircuits.of(3, 3);
    JsonNode all = written(exported, PLENTY).path("links");
    JsonNode graph = written(exported, 7);
    assertThat(graph.path("links")).hasSize(7);
    assertThat(graph.at("/metadata/pruning_settings/links_left_out").asInt())
        .isEqualTo(all.size() - 7);
    double weakest =
        graph
            .path("links")
            .valueStream()
            .mapToDouble(AttributionGraphJsonTest::size)
            .min()
            .orElse(0);
    assertThat(all.valueStream().filter(link -> size(link) > weakest)).hasSizeLessThan(7);
  }

  private static double size(JsonNode link) {
    return Math.abs(link.path("weight").asDouble());
  }

  @Test
  void labelsHoldNoHtmlAndNothingThatTheViewersTakeApart() throws IOException {
    Segment segment = new Segment("<b>\"(p=2)\"&", "<script>", 0.25);
    JsonNode graph = written(RandomCircuits.of(2, 0), PLENTY, List.of(segment));
    assertThat(graph.toString()).doesNotContain("<b>", "<script>");
    JsonNode logit =
        graph
            .path("nodes")
            .valueStream()
            .filter(node -> node.path("feature_type").asString().equals("logit"))
            .findFirst()
            .orElseThrow();
    assertThat(logit.path("clerp").asString())
        .isEqualTo("Output \"&lt;b&gt;'(p =2)'&amp;\" (p=0.250)");
    assertThat(graph.at("/metadata/prompt_tokens/0").asString()).endsWith("&amp;: &lt;script&gt;");
  }

  @Test
  void aCircuitWithoutLayersAboveTheFirstIsRefused() {
    ComputationGraph graph = new ComputationGraph(1, 2, false);
    ScoredCircuit scored = new ScoredCircuit(8, new double[graph.cells()], Circuit.full(graph));
    assertThatThrownBy(() -> written(new ExportedCircuit(scored, null), PLENTY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nothing above the model's first layer");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "a/b", "é"})
  void namesThatNoUploadTakesAreRefused(String name) {
    assertThatThrownBy(() -> labels(name, List.of()))
        .hasMessageContaining("--slug may have letters, digits");
  }

  private JsonNode written(ExportedCircuit exported, int most) throws IOException {
    Attribution known = exported.attribution();
    int bins = known == null ? 1 : Math.max(1, known.byBin().size());
    return written(
        exported,
        most,
        IntStream.range(0, bins).mapToObj(i -> new Segment("part " + i, "", i / 4.0)).toList());
  }

  private JsonNode written(ExportedCircuit exported, int most, List<Segment> segments)
      throws IOException {
    Path file = folder.resolve("graph.json");
    AttributionGraphJson.write(file, exported, labels("slug", segments), most);
    return new JsonMapper().readTree(file.toFile());
  }

  private static GraphLabels labels(String slug, List<Segment> segments) {
    return new GraphLabels(
        slug, "gpt2-small", "a <prompt>", "why", segments, Map.of("method", "exact"), "1", 5);
  }
}
