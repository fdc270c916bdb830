package dev.cotrace.model;

import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.format.StoredType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A tiny random model of goldens/transformers and what Hugging Face transformers computes with it;
 * the README there lists the golden tensors.
 *
 * @param folder the model as {@code save_pretrained} wrote it
 * @param config its {@code config.json}
 * @param goldens the tensors of {@code goldens.safetensors} by name
 */
record GoldenModel(Path folder, JsonNode config, Map<String, NamedArray> goldens) {
  private static final JsonMapper JSON = new JsonMapper();
  private static final ValueLayout.OfLong INTEGER =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Names of all golden models. */
  static List<String> names() {
    try (Stream<Path> folders = Files.list(root())) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("goldens.safetensors")))
          .map(folder -> folder.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The golden model in the folder {@code name}. */
  static GoldenModel read(String name) {
    Path folder = root().resolve(name);
    return new GoldenModel(
        folder,
        JSON.readTree(folder.resolve("config.json")),
        tensors(folder.resolve("goldens.safetensors")));
  }

  /** All weights by their Hugging Face names, of every shard. */
  Map<String, NamedArray> weights() {
    try (Safetensors files = Safetensors.openSharded(folder)) {
      return arrays(files);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The golden tensor {@code name}. */
  NamedArray golden(String name) {
    NamedArray array = goldens.get(name);
    if (array == null) {
      throw new IllegalArgumentException(
          "no golden " + name + " in " + folder + ", only " + goldens.keySet());
    }
    return array;
  }

  /** Number of sequences. */
  int sequences() {
    return golden("input_ids").dimension(0);
  }

  /** Token ids of sequence {@code row}. */
  int[] ids(int row) {
    return Arrays.stream(golden("input_ids").slice(row)).mapToInt(id -> (int) id).toArray();
  }

  /** The token whose log-probability after sequence {@code row} the golden gradients are of. */
  int nextToken(int row) {
    return (int) golden("next_tokens").slice(row)[0];
  }

  private static Path root() {
    return Path.of(System.getProperty("cotrace.root"), "goldens", "transformers");
  }

  static Map<String, NamedArray> tensors(Path file) {
    try (Safetensors tensors = Safetensors.open(file)) {
      return arrays(tensors);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, NamedArray> arrays(Safetensors file) {
    // Old releases stored causal masks among the weights.
    return file.tensors().values().stream()
        .filter(tensor -> tensor.type() != StoredType.BOOL)
        .collect(Collectors.toMap(StoredTensor::name, GoldenModel::array));
  }

  private static NamedArray array(StoredTensor tensor) {
    double[] values = new double[Math.toIntExact(tensor.elements())];
    if (tensor.type() == StoredType.I64) {
      Arrays.setAll(values, i -> tensor.bytes().getAtIndex(INTEGER, i));
    } else {
      tensor.decode(0, values);
    }
    int[] shape = Arrays.stream(tensor.shape()).mapToInt(Math::toIntExact).toArray();
    return new NamedArray(tensor.name(), shape, values);
  }
}
