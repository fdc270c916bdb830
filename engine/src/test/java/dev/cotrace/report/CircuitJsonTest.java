package dev.cotrace.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Ends;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Our circuit files beside those of EAP-IG's own {@code Graph}; see goldens/eap-ig/README.md. */
class CircuitJsonTest {
  private static final int WIDTH = 8;

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "circuit-2x2.json, 12, 46",
    "circuit-2x2-greedy.json, 7, 46",
    "circuit-2x2-parallel.json, 16, 42"
  })
  void aCircuitOfEapIgIsRead(String name, int members, int edges) throws IOException {
    ScoredCircuit read = CircuitJson.read(golden(name));
    assertThat(read.circuit().size()).isEqualTo(members);
    assertThat(read.graph().edgeCount()).isEqualTo(edges);
    assertThat(read.width()).isEqualTo(WIDTH);
    assertThat(read.scores()[read.graph().edgeCells()[0]]).isEqualTo(0.125);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"circuit-2x2.json", "circuit-2x2-greedy.json", "circuit-2x2-parallel.json"})
  void whatEapIgWroteIsWrittenAgainTheSame(String name) throws IOException {
    ScoredCircuit read = CircuitJson.read(golden(name));
    Path file = folder.resolve("circuit.json");
    CircuitJson.write(
        file, read.circuit(), "some", attribution(read.graph(), read.scores()), WIDTH);

    JsonNode ours = json(file);
    JsonNode theirs = json(golden(name));
    assertThat(ours.get("cfg")).isEqualTo(theirs.get("cfg"));
    assertThat(ours.get("nodes")).isEqualTo(theirs.get("nodes"));
    assertThat(List.copyOf(ours.get("edges").propertyNames()))
        .as("order of the edges")
        .isEqualTo(List.copyOf(theirs.get("edges").propertyNames()));
    ours.get("edges").forEach(edge -> ((ObjectNode) edge).retain("score", "in_graph"));
    assertThat(ours.get("edges")).isEqualTo(theirs.get("edges"));
  }

  @Test
  void unknownErrorsAreWrittenAsNull() throws IOException {
    ScoredCircuit read = CircuitJson.read(golden("circuit-2x2.json"));
    Path file = folder.resolve("circuit.json");
    CircuitJson.write(
        file, read.circuit(), "some", attribution(read.graph(), read.scores()), WIDTH);
    assertThat(json(file).at("/edges/input->m0/stderr").isNull()).isTrue();
    assertThat(CircuitJson.read(file).scores()).isEqualTo(read.scores());
  }

  @Test
  void anEdgeWithoutAScoreIsReadAsPythonWritesIt() throws IOException {
    Path file = changed("\"score\": 0.125", "\"score\": NaN");
    assertThat(CircuitJson.read(file).scores()[0]).isNaN();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          "n_layers": 2        | "n_layers": 0       | cfg.n_layers
          "n_layers": 2        | "n_layers": 1       | one of a model of 1 layers
          "score": 0.125       | "score": "big"      | input->a0.h0<q>: score
          "in_graph": false}   | "in_graph": 1}      | in_graph must be true or false
          "edges"              | "edge"              | expected an object edges
          "input->m0"          | "input->m7"         | edge input->m7
          {"cfg"               | ["cfg"              | line 1
          "a0.h0->m0"          | "input->m0"         | Duplicate
          """)
  void aBrokenFileIsRefusedInASentence(String from, String to, String said) throws IOException {
    Path file = changed(from, to);
    assertThatThrownBy(() -> CircuitJson.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(said);
  }

  private Path changed(String from, String to) throws IOException {
    String text = Files.readString(golden("circuit-2x2.json"));
    assertThat(text).contains(from);
    return Files.writeString(folder.resolve("changed.json"), text.replace(from, to));
  }

  private static Attribution attribution(ComputationGraph graph, double[] values) {
    double[] unknown = new double[values.length];
    Arrays.fill(unknown, Double.NaN);
    Scores scores = new Scores(values, unknown, Estimate.exact(0));
    Estimate zero = Estimate.exact(0);
    return new Attribution(graph, scores, scores, scores, Ends.unpaired(zero, zero), zero, 8, 1, 0);
  }

  private static Path golden(String name) {
    return Path.of("src/test/resources/eap-ig", name);
  }

  private static JsonNode json(Path file) {
    return new JsonMapper().readTree(file.toFile());
  }
}
