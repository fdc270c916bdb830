package dev.cotrace.dictionary;

import dev.cotrace.format.Damage;
import dev.cotrace.format.JsonMutations;
import dev.cotrace.format.ModelConfig;
import dev.cotrace.format.Mutations;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Damaged files of dictionaries end in a reading or in the typed error. */
class DamagedDictionariesTest {
  private static final Placement SINGLE = Placement.cpu(Precision.FLOAT32);

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void damagedConfigurationsOfSaeLensAreRefusedOrRead(long seed) throws IOException {
    survive(seed, 6000, "cfg.json", SaeLensConfig::of);
  }

  @Test
  void damagedConfigurationsOfGemmaScopeAreRefusedOrRead() throws IOException {
    survive(3, 10_000, "config.json", GemmaScope::ofConfig);
  }

  private void survive(long seed, int times, String name, Consumer<ModelConfig> reader)
      throws IOException {
    List<String> originals = originals(name);
    Path config = directory.resolve(name);
    Damage.survive(
        seed,
        times,
        name,
        random -> {
          Files.write(config, damaged(originals.get(random.nextInt(originals.size())), random));
          reader.accept(ModelConfig.read(config));
        });
  }

  @Test
  void damagedConfigurationsOfSetsAreRefusedOrRead() throws IOException {
    List<String> originals = originals("config.yaml");
    Path config = directory.resolve("config.yaml");
    Damage.survive(
        4,
        10_000,
        "config.yaml",
        random -> {
          byte[] text =
              originals.get(random.nextInt(originals.size())).getBytes(StandardCharsets.UTF_8);
          Files.write(config, Mutations.damage(text, random));
          SetConfig.of(directory, ModelConfig.readYaml(config));
        });
  }

  /** Whatever the configuration says, the tensors have its shapes or are refused. */
  @ParameterizedTest
  @ValueSource(strings = {"standard", "gated", "topk-decoder-norm", "jumprelu-skip-transcoder"})
  void damagedDictionariesAreRefusedOrRead(String name) throws IOException {
    Path folder = GoldenDictionary.folder(name);
    String text = Files.readString(folder.resolve("cfg.json"));
    byte[] bytes = Files.readAllBytes(folder.resolve("sae_weights.safetensors"));
    Path config = directory.resolve("cfg.json");
    Path weights = directory.resolve("sae_weights.safetensors");
    Damage.survive(
        name.length(),
        2500,
        directory.toString(),
        random -> {
          boolean both = random.nextInt(4) == 0;
          boolean first = random.nextBoolean();
          Files.write(
              config,
              both || first ? damaged(text, random) : text.getBytes(StandardCharsets.UTF_8));
          Files.write(weights, both || !first ? Mutations.damage(bytes, random) : bytes);
          try (Dictionary dictionary = Dictionary.read(directory, SINGLE)) {
            dictionary.description();
          } catch (IllegalArgumentException e) {
            // The damage took the hook's name away: only the caller can say where it belongs.
            if (!String.valueOf(e.getMessage()).contains("nothing says where in a model")) {
              throw e;
            }
          }
        });
  }

  private static byte[] damaged(String json, SplittableRandom random) {
    return random.nextInt(4) == 0
        ? Mutations.damage(json.getBytes(StandardCharsets.UTF_8), random)
        : JsonMutations.damage(json, random).getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> originals(String name) throws IOException {
    List<String> originals = new ArrayList<>();
    try (Stream<Path> files = Files.walk(GoldenDictionary.folder(""))) {
      for (Path file : files.filter(path -> path.endsWith(name)).sorted().toList()) {
        originals.add(Files.readString(file));
      }
    }
    return originals;
  }
}
