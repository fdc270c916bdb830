package dev.cotrace;

import dev.cotrace.circuit.ComputationGraph;
import dev.cotrace.circuit.Level;
import dev.cotrace.circuit.Pieces;
import dev.cotrace.circuit.Units;
import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.gate.SourceValues;
import dev.cotrace.report.UnitsJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/**
 * Mean outputs of every source as safetensors.
 *
 * <p>Tensors: {@code mean} F32 {@code [n_src, D]} over all positions, {@code mean_positional} F32
 * {@code [n_src, positions, D]}, {@code count} I64 {@code [positions]}, the sequences that had a
 * token there, and with hidden units or features {@code mean_units} F32 {@code [cells]} over all
 * positions, 0 where a cell is neither. Metadata: {@code level} and {@code parts} ({@link
 * UnitsJson}) of these, {@code format_version}, {@code sources} (JSON list of names), {@code
 * model_sha256} (JSON, by file), and what {@link Means} was told.
 */
final class MeansFile {
  private static final String VERSION = "1";
  private static final String UNITS = "mean_units";
  private static final JsonMapper JSON = new JsonMapper();

  private MeansFile() {}

  /**
   * Writes means.
   *
   * @param counts of sequences at each position
   * @param model hashes of the model's files
   * @param facts more to say in the metadata
   */
  static void write(
      Path file,
      Units units,
      SourceValues means,
      long[] counts,
      Map<String, String> model,
      Map<String, String> facts)
      throws IOException {
    ComputationGraph graph = units.graph();
    Map<String, String> metadata = new LinkedHashMap<>(facts);
    metadata.put("format_version", VERSION);
    metadata.put(
        "sources",
        JSON.writeValueAsString(
            IntStream.range(0, graph.sources())
                .mapToObj(i -> graph.sourceNode(i).toString())
                .toList()));
    metadata.put("model_sha256", digests(model));
    long positions = means.positions();
    List<StoredTensor> tensors = new ArrayList<>();
    if (means.units().length > 0) {
      metadata.put("level", units.level().label());
      metadata.put("parts", parts(units));
      tensors.add(StoredTensor.of(UNITS, means.units(), means.units().length));
    }
    tensors.addAll(
        List.of(
            StoredTensor.of("mean", means.overall(), means.sources(), means.width()),
            StoredTensor.of(
                "mean_positional", means.positional(), means.sources(), positions, means.width()),
            StoredTensor.of("count", counts, positions)));
    Safetensors.write(file, metadata, tensors);
  }

  /** Hashes of files as the metadata has them. */
  static String digests(Map<String, String> sha256) {
    return JSON.writeValueAsString(sha256);
  }

  private static String parts(Units units) {
    return units instanceof Pieces pieces ? UnitsJson.parts(pieces.switchable()).toString() : "";
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param model hashes of the files of the model that the means are for
   * @param units that have gates
   * @throws IllegalArgumentException when the means are another model's
   */
  static SourceValues read(Path file, Map<String, String> model, Units units) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new IllegalArgumentException(
          "the means file %s does not exist; cotrace means makes one".formatted(file));
    }
    try (Safetensors stored = Safetensors.open(file)) {
      String measured = stored.metadata().get("model_sha256");
      if (measured == null) {
        throw new MalformedModelException(
            file,
            0,
            "expected the metadata to have model_sha256: is this what cotrace means wrote?");
      }
      if (!measured.equals(digests(model))) {
        throw new IllegalArgumentException(
            "%s holds means of another model (its files have other hashes): run cotrace means with this one"
                .formatted(file));
      }
      long[] shape = tensor(stored, "mean_positional").shape();
      if (shape.length != 3) {
        throw new MalformedModelException(
            file, 0, "expected mean_positional of three dimensions, got " + shape.length);
      }
      return new SourceValues(
          Math.toIntExact(shape[0]),
          Math.toIntExact(shape[2]),
          Math.toIntExact(shape[1]),
          values(tensor(stored, "mean")),
          values(tensor(stored, "mean_positional")),
          units(stored, units));
    }
  }

  /** Means of hidden units and features, where these have gates. */
  private static float[] units(Safetensors stored, Units units) {
    if (units.level() != Level.NEURON && units.level() != Level.FEATURE) {
      return new float[0];
    }
    if (!stored.tensors().containsKey(UNITS)
        || !parts(units).equals(stored.metadata().get("parts"))) {
      throw new IllegalArgumentException(
          "%s holds no means of these %s: run cotrace means with the same --level%s"
              .formatted(
                  stored.path(),
                  units.level().nouns(),
                  units.level() == Level.FEATURE ? " and --dictionary" : ""));
    }
    return values(tensor(stored, UNITS));
  }

  private static StoredTensor tensor(Safetensors stored, String name) {
    StoredTensor tensor = stored.tensors().get(name);
    if (tensor == null) {
      throw new MalformedModelException(
          stored.path(), 0, "expected the tensor %s, but there is none".formatted(name));
    }
    return tensor;
  }

  private static float[] values(StoredTensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    tensor.decode(0, values);
    return values;
  }
}
