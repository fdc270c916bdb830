package dev.cotrace.report;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import dev.cotrace.format.pickle.PickleValue;
import dev.cotrace.format.pickle.TorchArchive;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A circuit in the format of EAP-IG's {@code Graph.to_pt} (commit 795f560), which {@code
 * Graph.from_pt} opens: a {@code torch.save} archive with {@code cfg}, {@code src_nodes}, {@code
 * dst_nodes}, {@code edges_scores} F32 and {@code edges_in_graph} BOOL, both {@code [n_src,
 * n_dst]}, and {@code nodes_in_graph} BOOL {@code [n_src]}.
 */
public final class CircuitPt {
  private CircuitPt() {}

  /** Writes the circuit and the scores of all edges. */
  public static void write(Path file, ScoredCircuit scored) throws IOException {
    ComputationGraph graph = scored.graph();
    Map<String, PickleValue> values = new LinkedHashMap<>();
    values.put("cfg", configuration(scored));
    values.put("src_nodes", names(graph.sources(), row -> graph.sourceNode(row).toString()));
    values.put("dst_nodes", names(graph.targets(), column -> targetName(graph, column)));
    values.put("edges_scores", scores(scored));
    values.put(
        "edges_in_graph",
        flags(graph.cells(), scored.circuit()::contains, graph.sources(), graph.targets()));
    values.put(
        "nodes_in_graph",
        flags(
            graph.sources(),
            row -> scored.circuit().contains(graph.sourceNode(row)),
            graph.sources()));
    TorchArchive.write(file, new PickleValue.Dictionary(values));
  }

  /**
   * Reads a circuit; nothing in the file is run.
   *
   * @throws dev.cotrace.format.MalformedModelException when it is no archive of plain values
   * @throws IllegalArgumentException when its values are not those of a circuit of edges
   */
  public static ScoredCircuit read(Path file) throws IOException {
    return new CircuitPtReader(file, TorchArchive.read(file)).read();
  }

  static String targetName(ComputationGraph graph, int column) {
    return graph.targetNode(column) + graph.targetSlot(column).suffix();
  }

  private static PickleValue configuration(ScoredCircuit scored) {
    ComputationGraph graph = scored.graph();
    Map<String, PickleValue> values = new LinkedHashMap<>();
    values.put("n_layers", new PickleValue.Whole(graph.layers()));
    values.put("n_heads", new PickleValue.Whole(graph.heads()));
    values.put("parallel_attn_mlp", new PickleValue.Flag(graph.parallel()));
    values.put("d_model", new PickleValue.Whole(scored.width()));
    return new PickleValue.Dictionary(values);
  }

  private static PickleValue names(int count, IntFunction<String> name) {
    List<PickleValue> names =
        IntStream.range(0, count).mapToObj(name).<PickleValue>map(PickleValue.Text::new).toList();
    return new PickleValue.Items(names);
  }

  private static PickleValue scores(ScoredCircuit scored) {
    float[] values = new float[scored.scores().length];
    for (int cell = 0; cell < values.length; cell++) {
      values[cell] = (float) scored.scores()[cell];
    }
    ComputationGraph graph = scored.graph();
    return new PickleValue.Tensor(StoredTensor.of("", values, graph.sources(), graph.targets()));
  }

  private static PickleValue flags(int count, IntPredicate member, long... shape) {
    byte[] flags = new byte[count];
    for (int i = 0; i < count; i++) {
      flags[i] = (byte) (member.test(i) ? 1 : 0);
    }
    return new PickleValue.Tensor(
        new StoredTensor("", StoredType.BOOL, shape, MemorySegment.ofArray(flags)));
  }
}
