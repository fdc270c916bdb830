package dev.cotrace.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.pickle.PickleValue;
import dev.cotrace.format.pickle.TorchArchive;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Circuits as torch archives beside those that EAP-IG wrote; see goldens/eap-ig/README.md. */
class CircuitPtTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"circuit-2x2", "circuit-2x2-greedy", "circuit-2x2-parallel"})
  void whatEapIgSavedIsTheCircuitOfItsJson(String name) throws IOException {
    assertSame(CircuitFile.read(golden(name + ".pt")), CircuitFile.read(golden(name + ".json")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"circuit-2x2", "circuit-2x2-greedy", "circuit-2x2-parallel"})
  void whatEapIgSavedIsSavedAgainTheSame(String name) throws IOException {
    Path file = folder.resolve("again.pt");
    CircuitPt.write(file, CircuitPt.read(golden(name + ".pt")));
    Map<String, PickleValue> ours = values(file);
    Map<String, PickleValue> theirs = values(golden(name + ".pt"));
    assertThat(List.copyOf(ours.keySet())).isEqualTo(List.copyOf(theirs.keySet()));
    for (String key : List.of("cfg", "src_nodes", "dst_nodes")) {
      assertThat(ours.get(key)).as(key).isEqualTo(theirs.get(key));
    }
    for (String key : List.of("edges_scores", "edges_in_graph", "nodes_in_graph")) {
      StoredTensor own = tensor(ours, key);
      StoredTensor their = tensor(theirs, key);
      assertThat(own).as(key).hasToString(their.toString());
      assertThat(own.bytes().mismatch(their.bytes())).as("first byte that differs").isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void circuitsAreReadAsTheyWereWrittenInEitherFormat(long seed) throws IOException {
    ExportedCircuit exported = RandomCircuits.of(seed, 0);
    Path pt = folder.resolve("circuit.pt");
    Path json = folder.resolve("circuit.json");
    Path bare = folder.resolve("bare.json");
    CircuitPt.write(pt, exported.scored());
    CircuitJson.write(json, exported);
    CircuitJson.write(bare, RandomCircuits.bare(seed));
    assertSame(CircuitFile.read(pt), exported.scored());
    assertSame(CircuitFile.read(json), exported.scored());
    assertSame(CircuitFile.read(bare), exported.scored());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cfg              | none      | cfg must be a dict
          n_layers         | none      | cfg.n_layers must be a whole number from 1 to 4096, got nothing
          n_layers         | 0         | cfg.n_layers must be a whole number from 1 to 4096, got 0
          n_heads          | 5000      | cfg.n_heads must be a whole number
          n_heads          | 3         | src_nodes must be a list of 9 names
          d_model          | a text    | cfg.d_model must be a whole number from 1 to 1048576, got a str
          parallel_attn_mlp| 1         | cfg.parallel_attn_mlp must be True or False
          parallel_attn_mlp| true      | column 6, where the graph has no edge
          edges_scores     | none      | edges_scores must be a tensor of shape [7, 15], got nothing
          edges_scores     | swapped   | edges_scores must be floats, got BOOL
          edges_in_graph   | swapped   | edges_in_graph must be of bool, got F32
          dst_nodes        | reversed  | expected a0.h0<q> at place 0 of dst_nodes
          neurons_in_graph | 1         | it is a circuit of neurons
          """)
  void anotherDictIsRefusedInASentence(String key, String change, String said) throws IOException {
    Map<String, PickleValue> values = new LinkedHashMap<>(values(golden("circuit-2x2.pt")));
    Map<String, PickleValue> configuration =
        new LinkedHashMap<>(dictionary(Objects.requireNonNull(values.get("cfg"))));
    Map<String, PickleValue> changed = configuration.containsKey(key) ? configuration : values;
    switch (change) {
      case "none" -> changed.remove(key);
      case "swapped" -> {
        String other = key.equals("edges_scores") ? "edges_in_graph" : "edges_scores";
        changed.put(key, Objects.requireNonNull(values.get(other)));
      }
      case "reversed" ->
          changed.compute(
              key,
              (_, names) ->
                  names instanceof PickleValue.Items(List<PickleValue> list)
                      ? new PickleValue.Items(list.reversed())
                      : names);
      case "true" -> changed.put(key, new PickleValue.Flag(true));
      case "a text" -> changed.put(key, new PickleValue.Text("8"));
      default -> changed.put(key, new PickleValue.Whole(Long.parseLong(change)));
    }
    if (!key.equals("cfg")) {
      values.put("cfg", new PickleValue.Dictionary(configuration));
    }
    Path file = folder.resolve("changed.pt");
    TorchArchive.write(file, new PickleValue.Dictionary(values));
    assertThatThrownBy(() -> CircuitFile.read(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining(said);
  }

  private static void assertSame(ScoredCircuit read, ScoredCircuit expected) {
    assertThat(read.width()).isEqualTo(expected.width());
    assertThat(read.graph()).isEqualTo(expected.graph());
    assertThat(read.scores()).isEqualTo(expected.scores());
    assertThat(read.circuit().members()).isEqualTo(expected.circuit().members());
  }

  private static Map<String, PickleValue> values(Path file) throws IOException {
    return dictionary(TorchArchive.read(file));
  }

  private static Map<String, PickleValue> dictionary(PickleValue value) {
    return ((PickleValue.Dictionary) value).values();
  }

  private static StoredTensor tensor(Map<String, PickleValue> values, String key) {
    return ((PickleValue.Tensor) Objects.requireNonNull(values.get(key))).tensor();
  }

  private static Path golden(String name) {
    return Path.of("src/test/resources/eap-ig", name);
  }
}
