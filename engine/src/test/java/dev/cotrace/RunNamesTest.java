package dev.cotrace;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunNamesTest {
  @ParameterizedTest
  @CsvSource({
    "models/arithmetic,                arithmetic",
    "a/b.Q4_1.gguf,                    b.Q4_1",
    "gpt2,                             gpt2",
    "org/name@refs/pr/1,               name",
    "org/name@v1,                      name",
    "hf://org/name@v1/b.gguf,          b"
  })
  void aRunIsCalledAfterTaskAndModel(String model, String stem, @TempDir Path folder)
      throws IOException {
    Path task = Files.writeString(folder.resolve("sum.jsonl"), "");
    DiscoverySpec spec = SpecYaml.read(null, Map.of("model", model, "task", task.toString()));
    assertThat(RunNames.directory(spec).toString())
        .matches("runs.[0-9]{8}-[0-9]{6}-sum-\\Q%s\\E".formatted(stem));
  }
}
