package dev.cotrace;

import dev.cotrace.circuit.Attribution;
import dev.cotrace.circuit.BinScores;
import dev.cotrace.circuit.Estimate;
import dev.cotrace.circuit.Scores;
import dev.cotrace.circuit.Units;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * Scores by bin in a {@link ScoresFile}: F32 tensors {@code [bins, n_src, n_dst]}, of units other
 * than edges {@code [bins, units]}, called {@code by_bin}, {@code by_bin_direct}, {@code
 * by_bin_through_cot}, each with {@code …_stderr}. Metadata: {@code bins}, a JSON list of the bins'
 * names, and for each tensor {@code …_sum} and {@code …_sum_stderr}, JSON lists with the sum over
 * edges of each bin, null where unknown.
 */
final class BinScoresFile {
  private static final JsonMapper JSON = new JsonMapper();

  private BinScoresFile() {}

  static void add(
      List<StoredTensor> tensors, Map<String, String> metadata, Attribution attribution) {
    List<BinScores> bins = attribution.byBin();
    metadata.put("bins", JSON.writeValueAsString(bins.stream().map(BinScores::name).toList()));
    Units units = attribution.units();
    add(tensors, metadata, units, "by_bin", bins.stream().map(BinScores::total).toList());
    add(tensors, metadata, units, "by_bin_direct", bins.stream().map(BinScores::direct).toList());
    add(
        tensors,
        metadata,
        units,
        "by_bin_through_cot",
        bins.stream().map(BinScores::throughCot).toList());
  }

  private static void add(
      List<StoredTensor> tensors,
      Map<String, String> metadata,
      Units units,
      String name,
      List<Scores> bins) {
    long[] shape = shape(units, bins.size());
    tensors.add(StoredTensor.of(name, joined(bins, Scores::values), shape));
    tensors.add(StoredTensor.of(name + "_stderr", joined(bins, Scores::standardErrors), shape));
    metadata.put(name + "_sum", numbers(bins, scores -> scores.sum().value()));
    metadata.put(name + "_sum_stderr", numbers(bins, scores -> scores.sum().standardError()));
  }

  private static long[] shape(Units units, int bins) {
    return LongStream.concat(LongStream.of(bins), LongStream.of(units.shape())).toArray();
  }

  private static float[] joined(List<Scores> bins, Function<Scores, double[]> part) {
    return ScoresFile.narrow(
        bins.stream().flatMapToDouble(scores -> Arrays.stream(part.apply(scores))).toArray());
  }

  private static String numbers(List<Scores> bins, ToDoubleFunction<Scores> number) {
    ArrayNode list = JSON.createArrayNode();
    for (Scores scores : bins) {
      double value = number.applyAsDouble(scores);
      if (Double.isFinite(value)) {
        list.add(value);
      } else {
        list.addNull();
      }
    }
    return list.toString();
  }

  /** The scores by bin of {@code stored}; none where it has none. */
  static List<BinScores> read(Safetensors stored, Units units) {
    if (!stored.metadata().containsKey("bins")) {
      return List.of();
    }
    JsonNode names = json(stored, "bins");
    List<Scores> total = scores(stored, units, "by_bin", names.size());
    List<Scores> direct = scores(stored, units, "by_bin_direct", names.size());
    List<Scores> through = scores(stored, units, "by_bin_through_cot", names.size());
    List<BinScores> bins = new ArrayList<>();
    for (int bin = 0; bin < names.size(); bin++) {
      bins.add(
          new BinScores(
              names.get(bin).asString(), total.get(bin), direct.get(bin), through.get(bin)));
    }
    return bins;
  }

  private static List<Scores> scores(Safetensors stored, Units units, String name, int count) {
    double[] values = values(stored, units, name, count);
    double[] errors = values(stored, units, name + "_stderr", count);
    JsonNode sums = json(stored, name + "_sum");
    JsonNode sumErrors = json(stored, name + "_sum_stderr");
    List<Scores> bins = new ArrayList<>();
    for (int bin = 0; bin < count; bin++) {
      int from = bin * units.cells();
      bins.add(
          new Scores(
              Arrays.copyOfRange(values, from, from + units.cells()),
              Arrays.copyOfRange(errors, from, from + units.cells()),
              new Estimate(
                  sums.path(bin).asDouble(Double.NaN), sumErrors.path(bin).asDouble(Double.NaN))));
    }
    return bins;
  }

  private static double[] values(Safetensors stored, Units units, String name, int count) {
    StoredTensor tensor = stored.tensor(name);
    long[] shape = shape(units, count);
    if (!Arrays.equals(tensor.shape(), shape)) {
      throw new MalformedModelException(
          stored.path(),
          0,
          "expected %s of shape %s, got %s".formatted(name, Arrays.toString(shape), tensor));
    }
    double[] values = new double[Math.multiplyExact(count, units.cells())];
    tensor.decode(0, values);
    return values;
  }

  private static JsonNode json(Safetensors stored, String name) {
    String text = stored.metadata().getOrDefault(name, "");
    try {
      JsonNode list = JSON.readTree(text);
      if (list.isArray()) {
        return list;
      }
    } catch (JacksonException _) {
      // Said below.
    }
    throw new MalformedModelException(
        stored.path(), 0, "expected %s to be a JSON list, got '%s'".formatted(name, text));
  }
}
