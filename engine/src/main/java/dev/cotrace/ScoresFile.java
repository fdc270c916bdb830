package dev.cotrace;

import dev.cotrace.attribution.Reference;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.ReferenceScores;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Significance;
import dev.cotrace.circuit.Stability;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.report.CircuitJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * An {@link Attribution} as safetensors: F32 tensors {@code [n_src, n_dst]} in EAP-IG's order, and
 * strings that say what they mean.
 *
 * <p>Tensors: {@code scores}, {@code direct}, {@code through_cot}, and their standard errors {@code
 * stderr}, {@code direct_stderr}, {@code through_cot_stderr} (NaN where there is too little data to
 * tell); of {@code scores} also {@code ci95_low}, {@code ci95_high} and {@code q_value} ({@link
 * Significance}) and {@code inclusion} ({@link Stability}). Metadata: {@code format_version},
 * {@code sources} and {@code targets} (JSON lists of names of rows and columns), {@code method},
 * {@code sign_convention}, {@code n_layers}, {@code n_heads}, {@code parallel_attn_mlp}, {@code
 * J0}, {@code J1}, {@code difference} (J(1) − J(0)), {@code gap}, {@code scores_sum}, {@code
 * direct_sum} and {@code through_cot_sum} with {@code …_stderr}, {@code points}, {@code
 * sampled_tokens}, {@code top_n} and {@code jaccard} of the {@link Stability}.
 *
 * <p>Each reference beside them adds its scores, {@code teacher_forced} or {@code eap}, with {@code
 * …_stderr}, and metadata {@code …_sum}, {@code …_difference} and {@code …_gap} with their errors.
 *
 * <p>Where time is resolved, {@link BinScoresFile} adds scores by bin.
 */
public final class ScoresFile {
  private static final String DIVERGENCE =
      "positive: the clean value of the edge raises KL(G||H_z), so most are negative";

  /** More layers or heads than any model has. */
  private static final int MOST = 4096;

  private static final String VERSION = "1";
  private static final JsonMapper JSON = new JsonMapper();

  private ScoresFile() {}

  /**
   * Writes {@code attribution} to {@code file}, with the stability of its top edges.
   *
   * @param binning how positions were put into bins, in words
   */
  public static void write(Path file, Attribution attribution, Stability stability, String binning)
      throws IOException {
    write(file, attribution, stability, binning, List.of());
  }

  /** As {@link #write(Path, Attribution, Stability, String)}, with references beside the scores. */
  public static void write(
      Path file,
      Attribution attribution,
      Stability stability,
      String binning,
      List<ReferenceScores> references)
      throws IOException {
    ComputationGraph graph = attribution.graph();
    List<StoredTensor> tensors = new ArrayList<>();
    add(tensors, graph, "scores", "stderr", attribution.total());
    add(tensors, graph, "direct", "direct_stderr", attribution.direct());
    add(tensors, graph, "through_cot", "through_cot_stderr", attribution.throughCot());
    add(tensors, graph, attribution.significance());
    tensors.add(matrix("inclusion", stability.inclusion(), graph));
    Map<String, String> metadata = metadata(attribution);
    metadata.put("top_n", String.valueOf(stability.size()));
    metadata.put("jaccard", String.valueOf(stability.jaccard()));
    for (ReferenceScores reference : references) {
      add(tensors, metadata, graph, reference);
    }
    if (!attribution.byBin().isEmpty()) {
      metadata.put("binning", binning);
      BinScoresFile.add(tensors, metadata, attribution);
    }
    Safetensors.write(file, metadata, tensors);
  }

  /** Reads what {@link #write} wrote. */
  public static Attribution read(Path file) throws IOException {
    try (Safetensors stored = Safetensors.open(file)) {
      ScoresMetadata metadata = new ScoresMetadata(file, stored.metadata());
      ComputationGraph graph =
          new ComputationGraph(
              metadata.whole("n_layers", 1, MOST),
              metadata.whole("n_heads", 1, MOST),
              metadata.truth("parallel_attn_mlp"));
      return new Attribution(
          graph,
          metadata.method(),
          scores(stored, graph, "scores", "stderr", metadata),
          scores(stored, graph, "direct", "direct_stderr", metadata),
          scores(stored, graph, "through_cot", "through_cot_stderr", metadata),
          metadata.ends(),
          metadata.estimate("gap"),
          metadata.whole("clusters", 0, Integer.MAX_VALUE),
          metadata.whole("points", 0, Integer.MAX_VALUE),
          metadata.whole("sampled_tokens"),
          ClusterSums.NONE,
          BinScoresFile.read(stored, graph));
    }
  }

  /** The inclusion of every edge that {@link #write} wrote; NaN in files without. */
  static double[] inclusion(Path file, ComputationGraph graph) throws IOException {
    try (Safetensors stored = Safetensors.open(file)) {
      StoredTensor inclusion = stored.tensors().get("inclusion");
      if (inclusion != null) {
        return matrix(inclusion, file, graph);
      }
      double[] unknown = new double[graph.cells()];
      Arrays.fill(unknown, Double.NaN);
      return unknown;
    }
  }

  /** Adds what {@code significance} says of scores. */
  static void add(List<StoredTensor> tensors, ComputationGraph graph, Significance significance) {
    tensors.add(matrix("ci95_low", significance.low(), graph));
    tensors.add(matrix("ci95_high", significance.high(), graph));
    tensors.add(matrix("q_value", significance.q(), graph));
  }

  /** Adds {@code scores} and their errors under the names {@code values} and {@code errors}. */
  static void add(
      List<StoredTensor> tensors,
      ComputationGraph graph,
      String values,
      String errors,
      Scores scores) {
    tensors.add(matrix(values, scores.values(), graph));
    tensors.add(matrix(errors, scores.standardErrors(), graph));
  }

  private static void add(
      List<StoredTensor> tensors,
      Map<String, String> metadata,
      ComputationGraph graph,
      ReferenceScores reference) {
    String name = reference.name().replace('-', '_');
    add(tensors, graph, name, name + "_stderr", reference.scores());
    put(metadata, name + "_sum", reference.scores().sum());
    put(metadata, name + "_difference", reference.difference());
    put(metadata, name + "_gap", reference.gap());
    if (reference.name().equals(Reference.TEACHER_FORCED.label())) {
      metadata.put(name + "_sign_convention", DIVERGENCE);
    }
  }

  private static StoredTensor matrix(String name, double[] values, ComputationGraph graph) {
    return StoredTensor.of(name, narrow(values), graph.sources(), graph.targets());
  }

  static float[] narrow(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  private static Map<String, String> metadata(Attribution attribution) {
    Map<String, String> metadata = names(attribution.graph());
    metadata.put("format_version", VERSION);
    metadata.put("method", attribution.method().label());
    metadata.put("sign_convention", CircuitJson.SIGN_CONVENTION);
    put(metadata, "J0", attribution.corrupted());
    put(metadata, "J1", attribution.clean());
    put(metadata, "difference", attribution.ends().difference());
    put(metadata, "gap", attribution.gap());
    put(metadata, "scores_sum", attribution.total().sum());
    put(metadata, "direct_sum", attribution.direct().sum());
    put(metadata, "through_cot_sum", attribution.throughCot().sum());
    metadata.put("clusters", String.valueOf(attribution.clusters()));
    metadata.put("points", String.valueOf(attribution.points()));
    metadata.put("sampled_tokens", String.valueOf(attribution.sampledTokens()));
    return metadata;
  }

  /** What rows and columns are. */
  static Map<String, String> names(ComputationGraph graph) {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("n_layers", String.valueOf(graph.layers()));
    metadata.put("n_heads", String.valueOf(graph.heads()));
    metadata.put("parallel_attn_mlp", String.valueOf(graph.parallel()));
    metadata.put("sources", names(graph.sources(), i -> graph.sourceNode(i).toString()));
    metadata.put(
        "targets", names(graph.targets(), i -> graph.targetNode(i) + graph.targetSlot(i).suffix()));
    return metadata;
  }

  private static String names(int count, java.util.function.IntFunction<String> name) {
    return JSON.writeValueAsString(IntStream.range(0, count).mapToObj(name).toList());
  }

  private static void put(Map<String, String> metadata, String name, Estimate estimate) {
    metadata.put(name, String.valueOf(estimate.value()));
    metadata.put(name + "_stderr", String.valueOf(estimate.standardError()));
  }

  private static Scores scores(
      Safetensors stored,
      ComputationGraph graph,
      String values,
      String errors,
      ScoresMetadata metadata) {
    return new Scores(
        matrix(stored.tensor(values), stored.path(), graph),
        matrix(stored.tensor(errors), stored.path(), graph),
        metadata.estimate(values + "_sum"));
  }

  static double[] matrix(StoredTensor tensor, Path file, ComputationGraph graph) {
    long[] shape = tensor.shape();
    if (shape.length != 2 || shape[0] != graph.sources() || shape[1] != graph.targets()) {
      throw new MalformedModelException(
          file,
          0,
          "expected %s of shape [%d, %d], got %s"
              .formatted(tensor.name(), graph.sources(), graph.targets(), tensor));
    }
    double[] values = new double[graph.cells()];
    tensor.decode(0, values);
    return values;
  }
}
