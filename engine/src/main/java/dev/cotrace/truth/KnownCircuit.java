package dev.cotrace.truth;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/**
 * A program whose circuit is known.
 *
 * @param name of the task
 * @param about what the program does, in one sentence
 * @param program the model
 * @param thought length of the chain of thought T, in tokens; the answer is the token after it
 * @param edges the true ones by their names, and how they reach the answer
 * @param pairs draws prompt pairs
 */
record KnownCircuit(
    String name, String about, Program program, int thought, Map<String, Way> edges, Pairs pairs) {
  /** Keeps the edges in their order. */
  KnownCircuit {
    edges = new LinkedHashMap<>(edges);
  }

  /** A source of prompt pairs. */
  interface Pairs {
    /** The next pair. */
    Pair draw(RandomGenerator random);
  }

  /**
   * A pair of prompts, one character a token, whose answers differ.
   *
   * @param wrong the answer to the corrupted prompt
   */
  record Pair(String clean, String corrupted, String answer, String wrong) {}

  /** All of them. */
  static List<KnownCircuit> all() {
    return List.of(Through.circuit(), Around.circuit(), Mixed.circuit(), Relay.circuit());
  }

  /**
   * Those called {@code names}, all where there are none.
   *
   * @throws IllegalArgumentException when there is none of a name
   */
  static List<KnownCircuit> named(List<String> names) {
    List<String> known = all().stream().map(KnownCircuit::name).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException(
            "expected one of the tasks %s, got '%s'".formatted(String.join(", ", known), name));
      }
    }
    return all().stream()
        .filter(circuit -> names.isEmpty() || names.contains(circuit.name))
        .toList();
  }

  /** The nodes and edges of the model. */
  ComputationGraph graph() {
    return new ComputationGraph(program.layers().size(), program.heads(), /* parallel= */ false);
  }

  /** The true edges. */
  Circuit truth() {
    ComputationGraph graph = graph();
    boolean[] cells = new boolean[graph.cells()];
    ways().keySet().forEach(cell -> cells[cell] = true);
    return new Circuit(graph, cells);
  }

  /** How each true edge reaches the answer, by its cell. */
  Map<Integer, Way> ways() {
    ComputationGraph graph = graph();
    Map<Integer, Way> ways = new LinkedHashMap<>();
    edges.forEach((edge, way) -> ways.put(graph.cell(edge), way));
    return ways;
  }
}
