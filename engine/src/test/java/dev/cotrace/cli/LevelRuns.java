package dev.cotrace.cli;

import dev.cotrace.dictionary.TinyDictionary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** Words of commands at all levels, on a tiny random model over bare token ids. */
final class LevelRuns {
  private static final Path MODEL =
      Path.of(System.getProperty("cotrace.root", ".."))
          .resolve("goldens")
          .resolve("transformers")
          .resolve("llama-gqa-tied");

  private final Path folder;
  private final Path task;

  /** Writes a task into {@code folder}, where dictionaries will be too. */
  LevelRuns(Path folder) throws IOException {
    this.folder = folder;
    task =
        Files.writeString(
            folder.resolve("task.jsonl"),
            """
            {"clean_ids": [3, 4, 5], "corrupted_ids": [3, 9, 5], "answer_ids": [7]}
            {"clean_ids": [6, 4], "corrupted_ids": [6, 2], "answer_ids": [9]}
            """);
    Files.writeString(folder.resolve("task.yaml"), "max-new-tokens: 3\n");
  }

  /** Writes a dictionary for the model; its weights are drawn by its architecture and hook. */
  String dictionary(String architecture, String hook, String out) throws IOException {
    int width =
        new JsonMapper()
            .readTree(MODEL.resolve("config.json").toFile())
            .path("hidden_size")
            .intValue();
    Path path = folder.resolve(architecture + "-" + hook);
    return TinyDictionary.write(path, architecture, hook, out, width, 12).toString();
  }

  /** The flags of features. */
  static List<String> features(String dictionary) {
    return List.of("--level", "feature", "--dictionary", dictionary);
  }

  /** The flags of a level, or of features somewhere, whose dictionaries are written. */
  List<String> level(String what) throws IOException {
    String mlp = "blocks.0.hook_mlp_out";
    return switch (what) {
      case "features" ->
          features(
              dictionary("topk", mlp, mlp)
                  + ","
                  + dictionary("transcoder", "blocks.1.mlp.hook_in", "blocks.1.hook_mlp_out"));
      case "heads together" -> {
        String hook = "blocks.1.hook_attn_out";
        yield features(dictionary("standard", hook, hook));
      }
      case "stream" -> {
        String hook = "blocks.1.hook_resid_pre";
        List<String> words = new ArrayList<>(features(dictionary("standard", hook, hook)));
        words.addAll(List.of("--errors", "kept"));
        yield words;
      }
      default -> List.of("--level", what);
    };
  }

  /** {@code command} of the model and the task, and {@code more}. */
  String[] words(String command, List<String> more) {
    List<String> words =
        new ArrayList<>(List.of(command, "--model", MODEL.toString(), "--task", task.toString()));
    words.addAll(more);
    return words.toArray(String[]::new);
  }

  /** A small discovery into {@code out}. */
  String[] discover(Path out, List<String> more) {
    List<String> words =
        new ArrayList<>(
            List.of(
                "--out",
                out.toString(),
                "--rollouts",
                "2",
                "--quadrature",
                "midpoint",
                "--points",
                "2",
                "--bins",
                "step",
                "--top",
                "3"));
    words.addAll(more);
    return words("discover", words);
  }
}
