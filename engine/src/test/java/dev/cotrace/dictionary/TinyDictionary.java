package dev.cotrace.dictionary;

import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Random dictionaries as SAELens stores them, as small as a tiny model. */
public final class TinyDictionary {
  private TinyDictionary() {}

  /**
   * Writes one to {@code folder}.
   *
   * @param architecture SAELens' name: topk (three at a time), standard, standard-layer-norm
   *     (inputs are normalised, which is undone) or transcoder; or coordinates, twice as many
   *     features as the width: every coordinate up and down
   * @param hook where it reads
   * @param hookOut where it writes; the same but for transcoders
   * @param width of both
   */
  public static Path write(
      Path folder, String architecture, String hook, String hookOut, int width, int features)
      throws IOException {
    boolean transcoder = architecture.equals("transcoder");
    boolean normed = architecture.equals("standard-layer-norm");
    boolean coordinates = architecture.equals("coordinates");
    int count = coordinates ? 2 * width : features;
    ObjectNode config =
        new JsonMapper()
            .createObjectNode()
            .put("architecture", normed || coordinates ? "standard" : architecture)
            .put("d_in", width)
            .put("d_sae", count)
            .put("dtype", "float32")
            .put("device", "cpu")
            .put("apply_b_dec_to_input", !transcoder)
            .put("normalize_activations", normed ? "layer_norm" : "none")
            .put("reshape_activations", "none");
    if (architecture.equals("topk")) {
      config.put("k", 3).put("rescale_acts_by_decoder_norm", false);
    }
    ObjectNode metadata = config.putObject("metadata");
    metadata.put("sae_lens_version", "6.54.12").put("hook_name", hook);
    if (transcoder) {
      config.put("d_out", width);
      metadata.put("hook_name_out", hookOut);
    }
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("cfg.json"), config.toString());
    SplittableRandom random = new SplittableRandom(folder.getFileName().hashCode());
    List<StoredTensor> tensors = new ArrayList<>();
    if (coordinates) {
      tensors.add(StoredTensor.of("W_enc", signs(width, width, count), width, count));
      tensors.add(StoredTensor.of("W_dec", signs(width, count, width), count, width));
      tensors.add(StoredTensor.of("b_enc", new float[count], count));
      tensors.add(StoredTensor.of("b_dec", new float[width], width));
    } else {
      tensors.add(tensor("W_enc", random, width, features));
      tensors.add(tensor("W_dec", random, features, width));
      tensors.add(tensor("b_enc", random, features));
      tensors.add(tensor("b_dec", random, width));
    }
    Safetensors.write(folder.resolve("sae_weights.safetensors"), Map.of(), tensors);
    return folder;
  }

  /** 1 where row and column are the same coordinate, −1 where one of them is it downwards. */
  private static float[] signs(int width, int rows, int columns) {
    float[] signs = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        boolean same = row % width == column % width;
        signs[row * columns + column] = !same ? 0 : row < width && column < width ? 1 : -1;
      }
    }
    return signs;
  }

  private static StoredTensor tensor(String name, SplittableRandom random, long... shape) {
    long size = 1;
    for (long length : shape) {
      size *= length;
    }
    float[] values = new float[Math.toIntExact(size)];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.5 * random.nextGaussian());
    }
    return StoredTensor.of(name, values, shape);
  }
}
