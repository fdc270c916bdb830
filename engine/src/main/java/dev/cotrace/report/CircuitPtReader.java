package dev.cotrace.report;

import dev.cotrace.circuit.Circuit;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import dev.cotrace.format.pickle.PickleValue;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@link CircuitPt}. Cells without an edge must not be in the circuit, and their scores are
 * ignored; the names of rows and columns must be in the graph's order; a circuit of neurons is
 * refused, since Cotrace's circuits are of edges.
 */
final class CircuitPtReader {
  private final Path file;
  private final PickleValue root;

  CircuitPtReader(Path file, PickleValue root) {
    this.file = file;
    this.root = root;
  }

  ScoredCircuit read() {
    Map<String, PickleValue> values = dictionary("the file", root);
    Map<String, PickleValue> configuration = dictionary("cfg", values.get("cfg"));
    ComputationGraph graph = graph(configuration);
    if (values.containsKey("neurons_in_graph")) {
      throw broken("it is a circuit of neurons, but Cotrace's circuits are of edges");
    }
    requireNames(values.get("src_nodes"), "src_nodes", graph.sources(), graph::sourceNode);
    requireNames(
        values.get("dst_nodes"),
        "dst_nodes",
        graph.targets(),
        column -> CircuitPt.targetName(graph, column));
    return new ScoredCircuit(
        whole(configuration, "d_model", GraphShape.MOST_WIDTH),
        scores(values.get("edges_scores"), graph),
        new Circuit(graph, members(values.get("edges_in_graph"), graph)));
  }

  private ComputationGraph graph(Map<String, PickleValue> configuration) {
    if (!(configuration.get("parallel_attn_mlp") instanceof PickleValue.Flag(boolean parallel))) {
      throw broken("cfg.parallel_attn_mlp must be True or False");
    }
    return GraphShape.graph(
        file,
        whole(configuration, "n_layers", GraphShape.MOST),
        whole(configuration, "n_heads", GraphShape.MOST),
        parallel);
  }

  private double[] scores(@Nullable PickleValue value, ComputationGraph graph) {
    StoredTensor tensor = matrix(value, "edges_scores", graph);
    if (!tensor.type().floating()) {
      throw broken("edges_scores must be floats, got " + tensor.type());
    }
    float[] scores = new float[graph.cells()]; // EAP-IG keeps scores in float32.
    tensor.decode(0, scores);
    double[] wide = new double[scores.length];
    Arrays.setAll(wide, cell -> graph.exists(cell) ? scores[cell] : 0);
    return wide;
  }

  private boolean[] members(@Nullable PickleValue value, ComputationGraph graph) {
    StoredTensor tensor = matrix(value, "edges_in_graph", graph);
    if (tensor.type() != StoredType.BOOL) {
      throw broken("edges_in_graph must be of bool, got " + tensor.type());
    }
    byte[] flags = tensor.bytes().toArray(ValueLayout.JAVA_BYTE);
    boolean[] members = new boolean[flags.length];
    for (int cell = 0; cell < flags.length; cell++) {
      members[cell] = flags[cell] != 0;
      if (members[cell] && !graph.exists(cell)) {
        throw broken(
            "edges_in_graph has row %d, column %d, where the graph has no edge"
                .formatted(cell / graph.targets(), cell % graph.targets()));
      }
    }
    return members;
  }

  private StoredTensor matrix(@Nullable PickleValue value, String name, ComputationGraph graph) {
    long[] shape = {graph.sources(), graph.targets()};
    if (value instanceof PickleValue.Tensor(StoredTensor tensor)
        && Arrays.equals(tensor.shape(), shape)) {
      return tensor;
    }
    throw broken(
        "%s must be a tensor of shape %s, got %s"
            .formatted(name, Arrays.toString(shape), kind(value)));
  }

  private void requireNames(
      @Nullable PickleValue value, String name, int count, IntFunction<?> expected) {
    if (!(value instanceof PickleValue.Items(List<PickleValue> names)) || names.size() != count) {
      throw broken("%s must be a list of %d names, got %s".formatted(name, count, kind(value)));
    }
    for (int i = 0; i < count; i++) {
      String own = String.valueOf(expected.apply(i));
      if (!names.get(i).equals(new PickleValue.Text(own))) {
        throw broken("expected %s at place %d of %s".formatted(own, i, name));
      }
    }
  }

  private Map<String, PickleValue> dictionary(String name, @Nullable PickleValue value) {
    if (value instanceof PickleValue.Dictionary(Map<String, PickleValue> values)) {
      return values;
    }
    throw broken(
        "%s must be a dict, as EAP-IG's Graph.to_pt writes it, got %s"
            .formatted(name, kind(value)));
  }

  private int whole(Map<String, PickleValue> configuration, String name, int most) {
    @Nullable PickleValue value = configuration.get(name);
    if (value instanceof PickleValue.Whole(long number) && number >= 1 && number <= most) {
      return (int) number;
    }
    throw broken(
        "cfg.%s must be a whole number from 1 to %d, got %s".formatted(name, most, kind(value)));
  }

  private static String kind(@Nullable PickleValue value) {
    return value == null ? "nothing" : value.kind();
  }

  private IllegalArgumentException broken(String reason) {
    return new IllegalArgumentException(file + ": " + reason);
  }
}
