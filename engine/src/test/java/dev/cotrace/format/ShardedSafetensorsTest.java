package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardedSafetensorsTest {
  @TempDir Path directory;

  @BeforeEach
  void writeTwoShards() throws IOException {
    Safetensors.write(
        directory.resolve("first part"),
        Map.of(),
        List.of(StoredTensor.of("a", new float[] {1}, 1)));
    Safetensors.write(
        directory.resolve("second"), Map.of(), List.of(StoredTensor.of("b", new float[] {2}, 1)));
  }

  private void index(String weightMap) throws IOException {
    Files.writeString(
        directory.resolve("model.safetensors.index.json"),
        "{\"metadata\":{\"total_size\":-5},\"weight_map\":%s}".formatted(weightMap));
  }

  @Test
  void theIndexDecidesWhereTensorsLie() throws IOException {
    index("{\"a\":\"first part\",\"b\":\"second\"}");
    try (Safetensors file = Safetensors.openSharded(directory)) {
      assertThat(file.tensors()).containsOnlyKeys("a", "b");
      float[] out = new float[1];
      file.tensor("b").decode(0, out);
      assertThat(out).containsExactly(2f);
    }
  }

  @Test
  void withoutAnIndexTheSingleFileIsRead() throws IOException {
    Files.move(directory.resolve("second"), directory.resolve("model.safetensors"));
    try (Safetensors file = Safetensors.openSharded(directory)) {
      assertThat(file.tensors()).containsOnlyKeys("b");
    }
  }

  @Test
  void picklesAreRefusedWithACommand() throws IOException {
    Files.createFile(directory.resolve("pytorch_model.bin"));
    assertThatThrownBy(() -> Safetensors.openSharded(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("python -c")
        .hasMessageContaining("save_pretrained");
  }

  @Test
  void anEmptyDirectoryIsNamed() {
    assertThatThrownBy(() -> Safetensors.openSharded(directory))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(directory.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"a\":\"../first part\"}",
        "{\"a\":\"/etc/passwd\"}",
        "{\"a\":\"..\"}",
        "{\"a\":\"\"}",
        "{\"a\":7}",
        "{\"a\":\"third\"}",
        "{\"a\":\"second\"}",
        "[]"
      })
  void untrueIndexesAreRefused(String weightMap) throws IOException {
    index(weightMap);
    assertThatThrownBy(() -> Safetensors.openSharded(directory))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("model.safetensors.index.json");
  }
}
