package dev.cotrace.model;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Gguf;
import dev.cotrace.format.GgufFields;
import dev.cotrace.format.Goldens;
import dev.cotrace.format.JsonMutations;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.format.Mutations;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged configurations end in an architecture or in the typed error, before any tensor. */
class DamagedModelsTest {
  private static final String GENERATION =
      "{\"eos_token_id\": [1, 2], \"do_sample\": true, \"temperature\": 0.6}";

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedConfigurationsAreRefusedOrRead(long seed) throws IOException {
    List<String> originals = new ArrayList<>();
    try (Stream<Path> models = Files.list(Goldens.file("transformers"))) {
      for (Path model : models.filter(Files::isDirectory).sorted().toList()) {
        originals.add(Files.readString(model.resolve("config.json")));
      }
    }
    Path config = directory.resolve("config.json");
    Path generation = directory.resolve("generation_config.json");
    Damage.survive(
        seed,
        6000,
        "config.json",
        random -> {
          String original = originals.get(random.nextInt(originals.size()));
          Files.write(config, damaged(original, random));
          boolean generations = random.nextInt(8) == 0;
          if (generations) {
            Files.write(generation, damaged(GENERATION, random));
          }
          ModelFiles.HuggingFace files = new ModelFiles.HuggingFace(directory);
          HuggingFaceArchitecture.of(
              ModelConfig.read(files.config()),
              generations
                  ? ModelConfig.read(files.generationConfig()).integers("eos_token_id")
                  : ModelConfig.read(files.config()).integers("eos_token_id"));
        });
  }

  private static byte[] damaged(String json, SplittableRandom random) {
    return random.nextInt(4) == 0
        ? Mutations.damage(json.getBytes(StandardCharsets.UTF_8), random)
        : JsonMutations.damage(json, random).getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"gpt2", "gptneox", "llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3"})
  void damagedGgufMetadataIsRefusedOrRead(String name) throws IOException {
    byte[] original = Files.readAllBytes(Goldens.file("gguf-models/%s.gguf".formatted(name)));
    GgufFields fields = new GgufFields(original);
    Path file = directory.resolve("damaged.gguf");
    Damage.survive(
        name.hashCode(),
        1300,
        "damaged.gguf",
        random -> {
          Files.write(file, fields.damage(random));
          try (Gguf gguf = Gguf.open(file)) {
            GgufArchitecture.of(gguf, Set.of());
          }
        });
  }
}
