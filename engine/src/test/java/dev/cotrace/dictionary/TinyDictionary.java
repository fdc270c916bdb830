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
   *     (inputs are normalised, which is undone) or transcoder
   * @param hook where it reads
   * @param hookOut where it writes; the same but for transcoders
   * @param width of both
   */
  public static Path write(
      Path folder, String architecture, String hook, String hookOut, int width, int features)
      throws IOException {
    boolean transcoder = architecture.equals("transcoder");
    boolean normed = architecture.equals("standard-layer-norm");
    ObjectNode config =
        new JsonMapper()
            .createObjectNode()
            .put("architecture", normed ? "standard" : architecture)
            .put("d_in", width)
            .put("d_sae", features)
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
    tensors.add(tensor("W_enc", random, width, features));
    tensors.add(tensor("W_dec", random, features, width));
    tensors.add(tensor("b_enc", random, features));
    tensors.add(tensor("b_dec", random, width));
    Safetensors.write(folder.resolve("sae_weights.safetensors"), Map.of(), tensors);
    return folder;
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
