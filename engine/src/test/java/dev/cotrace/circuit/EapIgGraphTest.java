package dev.cotrace.circuit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Our graph beside files that EAP-IG's own {@code Graph} wrote; goldens/eap-ig/README.md says how.
 */
class EapIgGraphTest {
  @ParameterizedTest
  @ValueSource(strings = {"circuit-2x2.json", "circuit-2x2-parallel.json"})
  void nodesHaveTheNamesAndOrderOfEapIg(String file) throws IOException {
    JsonNode circuit = read(file);
    List<String> names = graph(circuit).nodes().stream().map(Node::toString).toList();
    assertThat(names).containsExactlyElementsOf(circuit.get("nodes").propertyNames());
  }

  @ParameterizedTest
  @ValueSource(strings = {"circuit-2x2.json", "circuit-2x2-parallel.json"})
  void everyEdgeLiesInTheCellWhereEapIgHasIt(String file) throws IOException {
    JsonNode circuit = read(file);
    ComputationGraph graph = graph(circuit);
    Map<String, Double> ours = new HashMap<>();
    for (int cell : graph.edgeCells()) {
      ours.put(graph.edge(cell).toString(), scoreOfCell(cell, graph.cells()));
    }
    Map<String, Double> theirs = new HashMap<>();
    circuit
        .get("edges")
        .forEachEntry((name, edge) -> theirs.put(name, edge.get("score").asDouble()));
    assertThat(ours).isEqualTo(theirs);
  }

  /** The score by which the script that wrote the files marks every cell. */
  private static double scoreOfCell(int cell, int cells) {
    int shuffled = 37 * cell % cells;
    return (shuffled % 2 == 0 ? 1 : -1) * (shuffled + 1) / 8.0;
  }

  private static ComputationGraph graph(JsonNode circuit) {
    JsonNode shape = circuit.get("cfg");
    return new ComputationGraph(
        shape.get("n_layers").asInt(),
        shape.get("n_heads").asInt(),
        shape.get("parallel_attn_mlp").asBoolean());
  }

  private static JsonNode read(String file) throws IOException {
    try (InputStream stream = EapIgGraphTest.class.getResourceAsStream("/eap-ig/" + file)) {
      return new JsonMapper().readTree(Objects.requireNonNull(stream));
    }
  }
}
