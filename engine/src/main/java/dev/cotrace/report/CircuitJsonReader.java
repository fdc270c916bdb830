package dev.cotrace.report;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Units;
import dev.cotrace.format.JsonProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.IntStream;
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
    boolean pieces = root.has("units");
    Units units =
        pieces
            ? UnitsJson.read(file, graph, root.path("level").asString(""), root.path("parts"))
            : graph;
    double[] scores = new double[units.cells()];
    boolean[] members = new boolean[units.cells()];
    Map<String, Integer> cells = cellsByName(units);
    String noun = units.noun();
    for (Map.Entry<String, JsonNode> unit : child(root, pieces ? "units" : "edges").properties()) {
      String name = noun + " " + unit.getKey();
      Integer cell = cells.get(unit.getKey());
      if (cell == null) {
        throw broken(
            "%s is not one of a model of %d layers and %d heads%s"
                .formatted(name, graph.layers(), graph.heads(), pieces ? " with these parts" : ""));
      }
      scores[cell] = score(name, unit.getValue());
      members[cell] = member(name, unit.getValue());
    }
    int width = whole(configuration, "d_model", GraphShape.MOST_WIDTH);
    return new ScoredCircuit(width, scores, new Circuit(units, members));
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

  private static Map<String, Integer> cellsByName(Units units) {
    Map<String, Integer> cells = new HashMap<>();
    int[] all =
        units instanceof ComputationGraph graph
            ? graph.edgeCells()
            : IntStream.range(0, units.cells()).toArray();
    for (int cell : all) {
      cells.put(units.name(cell), cell);
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

  private double score(String unit, JsonNode entry) {
    JsonNode score = entry.path("score");
    if (!score.isNumber()) {
      throw broken("%s: score must be a number, got %s".formatted(unit, score));
    }
    return (float) score.numberValue().doubleValue(); // EAP-IG keeps scores in float32.
  }

  private boolean member(String unit, JsonNode entry) {
    JsonNode member = entry.path("in_graph");
    if (!member.isBoolean()) {
      throw broken("%s: in_graph must be true or false, got %s".formatted(unit, member));
    }
    return member.booleanValue();
  }

  private IllegalArgumentException broken(String reason) {
    return new IllegalArgumentException(file + ": " + reason);
  }
}
