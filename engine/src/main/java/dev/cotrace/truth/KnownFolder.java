package dev.cotrace.truth;

import dev.cotrace.format.AtomicFile;
import dev.cotrace.format.Safetensors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.random.RandomGenerator;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A known circuit as files that every command reads.
 *
 * @param directory holds the model, {@code truth.json} and the tasks
 * @param model directory of a Hugging Face model
 */
record KnownFolder(Path directory, Path model) {
  private static final JsonMapper JSON = new JsonMapper();

  /** Writes {@code known} into a new directory of its name under {@code parent}. */
  static KnownFolder write(KnownCircuit known, Path parent) throws IOException {
    Path directory = parent.resolve(known.name());
    Path model = Files.createDirectories(directory.resolve("model"));
    Compiler.Compiled compiled = Compiler.compile(known.program());
    Safetensors.write(model.resolve("model.safetensors"), Map.of(), compiled.tensors());
    write(model.resolve("config.json"), config(known.program(), compiled).toPrettyString());
    write(model.resolve("tokenizer.json"), tokenizer().toPrettyString());
    write(directory.resolve("truth.json"), truth(known).toPrettyString());
    return new KnownFolder(directory, model);
  }

  /**
   * Writes {@code count} pairs and their settings.
   *
   * @return the file of pairs
   */
  Path task(String name, KnownCircuit known, int count, RandomGenerator random) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (int i = 0; i < count; i++) {
      KnownCircuit.Pair pair = known.pairs().draw(random);
      lines
          .append(
              JSON.createObjectNode()
                  .put("clean", pair.clean())
                  .put("corrupted", pair.corrupted())
                  .put("answer", pair.answer())
                  .put("wrong", pair.wrong()))
          .append('\n');
    }
    Path file = directory.resolve(name + ".jsonl");
    write(file, lines.toString());
    write(
        directory.resolve(name + ".yaml"),
        "max-new-tokens: %d%nanswer-prefix: \"\"%n".formatted(known.thought()));
    return file;
  }

  private static ObjectNode config(Program program, Compiler.Compiled compiled) {
    ObjectNode config = JSON.createObjectNode().put("model_type", "gpt2");
    config.putArray("architectures").add("GPT2LMHeadModel");
    return config
        .put("activation_function", "gelu_new")
        .put("layer_norm_epsilon", Compiler.EPSILON)
        .put("n_embd", compiled.width())
        .put("n_head", program.heads())
        .put("n_inner", compiled.hidden())
        .put("n_layer", program.layers().size())
        .put("n_positions", Program.POSITIONS)
        .put("tie_word_embeddings", false)
        .put("vocab_size", Program.CHARACTERS.length());
  }

  /** One character a token. */
  private static ObjectNode tokenizer() {
    ObjectNode tokenizer = JSON.createObjectNode().put("version", "1.0");
    tokenizer.putNull("truncation").putNull("padding").putArray("added_tokens");
    tokenizer.putNull("normalizer");
    ObjectNode split = tokenizer.putObject("pre_tokenizer").put("type", "Split");
    split.putObject("pattern").put("Regex", "[\\s\\S]");
    split.put("behavior", "Isolated").put("invert", false);
    tokenizer.putNull("post_processor").putObject("decoder").put("type", "Fuse");
    ObjectNode model = tokenizer.putObject("model").put("type", "WordLevel");
    ObjectNode vocabulary = model.putObject("vocab");
    for (int id = 0; id < Program.CHARACTERS.length(); id++) {
      vocabulary.put(Program.CHARACTERS.substring(id, id + 1), id);
    }
    model.put("unk_token", "<unk>");
    return tokenizer;
  }

  private static ObjectNode truth(KnownCircuit known) {
    ObjectNode truth = JSON.createObjectNode().put("about", known.about());
    ObjectNode edges = truth.putObject("edges");
    known.edges().forEach((edge, way) -> edges.put(edge, way.label()));
    return truth;
  }

  private static void write(Path file, String text) throws IOException {
    AtomicFile.write(
        file, channel -> channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
  }
}
