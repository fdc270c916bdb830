package dev.cotrace.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    try (Stream<Path> files = Files.list(folder)) {
      Map<String, NamedArray> weights = new HashMap<>();
      files
          .filter(file -> file.getFileName().toString().matches("model.*\\.safetensors"))
          .forEach(file -> weights.putAll(tensors(file)));
      return weights;
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

  private static Map<String, NamedArray> tensors(Path file) {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      int headerLength = (int) bytes.getLong(0);
      JsonNode header =
          JSON.readTree(new String(bytes.array(), 8, headerLength, StandardCharsets.UTF_8));
      Map<String, NamedArray> tensors = new HashMap<>();
      for (Map.Entry<String, JsonNode> entry : header.properties()) {
        if (!entry.getKey().equals("__metadata__")) {
          JsonNode tensor = entry.getValue();
          int at = 8 + headerLength + tensor.get("data_offsets").get(0).asInt();
          int[] shape = tensor.get("shape").valueStream().mapToInt(JsonNode::asInt).toArray();
          double[] values = new double[Arrays.stream(shape).reduce(1, Math::multiplyExact)];
          String type = tensor.get("dtype").asString();
          Arrays.setAll(values, i -> value(bytes, at, i, type));
          tensors.put(entry.getKey(), new NamedArray(entry.getKey(), shape, values));
        }
      }
      return tensors;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double value(ByteBuffer bytes, int at, int index, String type) {
    return switch (type) {
      case "F64" -> bytes.getDouble(at + 8 * index);
      case "F32" -> bytes.getFloat(at + 4 * index);
      case "F16" -> Float.float16ToFloat(bytes.getShort(at + 2 * index));
      case "BF16" -> Float.intBitsToFloat(bytes.getShort(at + 2 * index) << 16);
      case "I64" -> bytes.getLong(at + 8 * index);
      default -> throw new IllegalArgumentException("no golden has type " + type);
    };
  }
}
