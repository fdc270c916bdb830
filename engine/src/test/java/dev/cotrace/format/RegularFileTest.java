package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RegularFileTest {
  @TempDir Path folder;

  @Test
  void aFileIsReadThroughLinksToo() throws IOException {
    Path file = Files.writeString(folder.resolve("config.json"), "{}");
    Path link = Files.createSymbolicLink(folder.resolve("link"), file);
    assertThat(RegularFile.bytes(link)).hasSize(2);
  }

  @Test
  void aDirectoryInThePlaceOfAModelsFileIsRefused() throws IOException {
    Path config = Files.createDirectory(folder.resolve("config.json"));
    assertThatThrownBy(() -> ModelConfig.read(config))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("expected a file, got a directory");
    Path weights = Files.createDirectory(folder.resolve("model.safetensors"));
    assertThatThrownBy(() -> Safetensors.open(weights))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected a file, got a directory");
  }

  @Test
  void aDeviceIsNotReadWithoutEnd() throws IOException {
    Path zeros = Path.of("/dev/zero");
    Assumptions.assumeTrue(Files.exists(zeros), "this system has no /dev/zero");
    Path config = Files.createSymbolicLink(folder.resolve("config.json"), zeros);
    assertThatThrownBy(() -> ModelConfig.read(config))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected a file, got a pipe, a device or the like");
  }
}
