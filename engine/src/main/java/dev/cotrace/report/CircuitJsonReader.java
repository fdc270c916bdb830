package dev.cotrace.report;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.format.JsonProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonReadFeature;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads {@link CircuitJson}. As in EAP-IG, an edge that the file lacks has score 0 and is not in
 * the circuit, and keys it does not know are ignored; names of edges that the graph lacks are not.
 */
final class CircuitJsonReader {
  // Python writes bare NaN for an edge without a score.
  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path file;

  CircuitJsonReader(Path file) {
    this.file = file;
  }

  ScoredCircuit read() throws IOException {
    JsonNode root = parse();
    JsonNode configuration = child(root, "cfg");
    ComputationGraph graph = graph(configuration);
    JsonNode edges = child(root, "edges");
    double[] scores = new double[graph.cells()];
    boolean[] members = new boolean[graph.cells()];
    Map<String, Integer> cells = cellsByName(graph);
    for (Map.Entry<String, JsonNode> edge : edges.properties()) {
      Integer cell = cells.get(edge.getKey());
      if (cell == null) {
        throw broken(
            "edge %s is not one of a model of %d layers and %d heads"
                .formatted(edge.getKey(), graph.layers(), graph.heads()));
      }
      scores[cell] = score(edge.getKey(), edge.getValue());
      members[cell] = member(edge.getKey(), edge.getValue());
    }
    int width = whole(configuration, "d_model", GraphShape.MOST_WIDTH);
    return new ScoredCircuit(width, scores, new Circuit(graph, members));
  }

  private JsonNode parse() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      return MAPPER.readTree(bytes);
    } catch (JacksonException e) {
      throw new IllegalArgumentException(
          "%s, line %d: expected a circuit in JSON, but: %s"
              .formatted(file, JsonProblem.line(e), JsonProblem.of(e)),
          e);
    }
  }

  private ComputationGraph graph(JsonNode configuration) {
    JsonNode parallel = configuration.path("parallel_attn_mlp");
    if (!parallel.isBoolean()) {
      throw broken("cfg.parallel_attn_mlp must be true or false, got " + parallel);
    }
    return GraphShape.graph(
        file,
        whole(configuration, "n_layers", GraphShape.MOST),
        whole(configuration, "n_heads", GraphShape.MOST),
        parallel.booleanValue());
  }

  private static Map<String, Integer> cellsByName(ComputationGraph graph) {
    Map<String, Integer> cells = new HashMap<>();
    for (int cell : graph.edgeCells()) {
      cells.put(graph.edge(cell).toString(), cell);
    }
    return cells;
  }

  private JsonNode child(JsonNode root, String name) {
    JsonNode child = root.path(name);
    if (!child.isObject()) {
      throw broken("expected an object %s, as EAP-IG's Graph.to_json writes it".formatted(name));
    }
    return child;
  }

  private int whole(JsonNode configuration, String name, int most) {
    JsonNode number = configuration.path(name);
    if (!number.isIntegralNumber()
        || !number.canConvertToInt()
        || number.intValue() < 1
        || number.intValue() > most) {
      throw broken(
          "cfg.%s must be a whole number from 1 to %d, got %s".formatted(name, most, number));
    }
    return number.intValue();
  }

  private double score(String edge, JsonNode entry) {
    JsonNode score = entry.path("score");
    if (!score.isNumber()) {
      throw broken("edge %s: score must be a number, got %s".formatted(edge, score));
    }
    return (float) score.numberValue().doubleValue(); // EAP-IG keeps scores in float32.
  }

  private boolean member(String edge, JsonNode entry) {
    JsonNode member = entry.path("in_graph");
    if (!member.isBoolean()) {
      throw broken("edge %s: in_graph must be true or false, got %s".formatted(edge, member));
    }
    return member.booleanValue();
  }

  private IllegalArgumentException broken(String reason) {
    return new IllegalArgumentException(file + ": " + reason);
  }
}
