package dev.cotrace;

import dev.cotrace.attribution.Reference;
import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.ClusterSums;
import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.ReferenceScores;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Significance;
import dev.cotrace.circuit.Stability;
import dev.cotrace.circuit.UnitEdges;
import dev.cotrace.circuit.Units;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.report.CircuitJson;
import dev.cotrace.report.UnitsJson;
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
 * An {@link Attribution} as safetensors: F32 tensors, and strings that say what they mean. Of edges
 * they are {@code [n_src, n_dst]} in EAP-IG's order, of other units {@code [units]}.
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
    Units units = attribution.units();
    List<StoredTensor> tensors = new ArrayList<>();
    add(tensors, units, "scores", "stderr", attribution.total());
    add(tensors, units, "direct", "direct_stderr", attribution.direct());
    add(tensors, units, "through_cot", "through_cot_stderr", attribution.throughCot());
    add(tensors, units, attribution.significance());
    tensors.add(matrix("inclusion", stability.inclusion(), units));
    Map<String, String> metadata = metadata(attribution);
    metadata.put("top_n", String.valueOf(stability.size()));
    metadata.put("jaccard", String.valueOf(stability.jaccard()));
    for (ReferenceScores reference : references) {
      add(tensors, metadata, units, reference);
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
      Units units = metadata.units();
      return new Attribution(
          units,
          metadata.method(),
          scores(stored, units, "scores", "stderr", metadata),
          scores(stored, units, "direct", "direct_stderr", metadata),
          scores(stored, units, "through_cot", "through_cot_stderr", metadata),
          metadata.ends(),
          metadata.estimate("gap"),
          metadata.whole("clusters", 0, Integer.MAX_VALUE),
          metadata.whole("points", 0, Integer.MAX_VALUE),
          metadata.whole("sampled_tokens"),
          ClusterSums.NONE,
          BinScoresFile.read(stored, units));
    }
  }

  /** The inclusion of every edge that {@link #write} wrote; NaN in files without. */
  static double[] inclusion(Path file, Units units) throws IOException {
    try (Safetensors stored = Safetensors.open(file)) {
      StoredTensor inclusion = stored.tensors().get("inclusion");
      if (inclusion != null) {
        return matrix(inclusion, file, units);
      }
      double[] unknown = new double[units.cells()];
      Arrays.fill(unknown, Double.NaN);
      return unknown;
    }
  }

  /** Adds what {@code significance} says of scores. */
  static void add(List<StoredTensor> tensors, Units units, Significance significance) {
    tensors.add(matrix("ci95_low", significance.low(), units));
    tensors.add(matrix("ci95_high", significance.high(), units));
    tensors.add(matrix("q_value", significance.q(), units));
  }

  /** Adds {@code scores} and their errors under the names {@code values} and {@code errors}. */
  static void add(
      List<StoredTensor> tensors, Units units, String values, String errors, Scores scores) {
    tensors.add(matrix(values, scores.values(), units));
    tensors.add(matrix(errors, scores.standardErrors(), units));
  }

  private static void add(
      List<StoredTensor> tensors,
      Map<String, String> metadata,
      Units units,
      ReferenceScores reference) {
    String name = reference.name().replace('-', '_');
    add(tensors, units, name, name + "_stderr", reference.scores());
    put(metadata, name + "_sum", reference.scores().sum());
    put(metadata, name + "_difference", reference.difference());
    put(metadata, name + "_gap", reference.gap());
    if (reference.name().equals(Reference.TEACHER_FORCED.label())) {
      metadata.put(name + "_sign_convention", DIVERGENCE);
    }
  }

  private static StoredTensor matrix(String name, double[] values, Units units) {
    return StoredTensor.of(name, narrow(values), units.shape());
  }

  static float[] narrow(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  private static Map<String, String> metadata(Attribution attribution) {
    Map<String, String> metadata = names(attribution.units());
    metadata.put("format_version", VERSION);
    metadata.put("method", attribution.method().label());
    metadata.put("sign_convention", CircuitJson.signConvention(attribution.units()));
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

  /** What the cells are. */
  static Map<String, String> names(Units units) {
    ComputationGraph graph = units.graph();
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("level", units.level().label());
    metadata.put("n_layers", String.valueOf(graph.layers()));
    metadata.put("n_heads", String.valueOf(graph.heads()));
    metadata.put("parallel_attn_mlp", String.valueOf(graph.parallel()));
    switch (units) {
      case Pieces pieces -> metadata.put("parts", UnitsJson.parts(pieces).toString());
      case UnitEdges edges -> {
        metadata.put("sources", names(edges.sources(), edges::sourceName));
        metadata.put("targets", names(edges.targets(), edges::targetName));
      }
      case ComputationGraph _ -> {
        metadata.put("sources", names(graph.sources(), i -> graph.sourceNode(i).toString()));
        metadata.put(
            "targets",
            names(graph.targets(), i -> graph.targetNode(i) + graph.targetSlot(i).suffix()));
      }
    }
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
      Safetensors stored, Units units, String values, String errors, ScoresMetadata metadata) {
    return new Scores(
        matrix(stored.tensor(values), stored.path(), units),
        matrix(stored.tensor(errors), stored.path(), units),
        metadata.estimate(values + "_sum"));
  }

  static double[] matrix(StoredTensor tensor, Path file, Units units) {
    if (!Arrays.equals(tensor.shape(), units.shape())) {
      throw new MalformedModelException(
          file,
          0,
          "expected %s of shape %s, got %s"
              .formatted(tensor.name(), Arrays.toString(units.shape()), tensor));
    }
    double[] values = new double[units.cells()];
    tensor.decode(0, values);
    return values;
  }
}
