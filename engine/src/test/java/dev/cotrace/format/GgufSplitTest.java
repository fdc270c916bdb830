package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GgufSplitTest {
  @TempDir Path directory;

  @BeforeEach
  void copyTheParts() throws IOException {
    try (Stream<Path> files = Files.list(Goldens.file("gguf/split"))) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
  }

  private Path part(int number) {
    return directory.resolve("three-0000%d-of-00003.gguf".formatted(number));
  }

  private void assertRefused(Path file, String reason) {
    assertThatThrownBy(() -> Gguf.open(file))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void partsGiveTheTensorsOfTheWhole() throws IOException {
    try (Gguf parts = Gguf.open(part(1));
        Gguf whole = Gguf.open(directory.resolve("whole.gguf"))) {
      assertThat(parts.tensors()).containsOnlyKeys(whole.tensors().keySet());
      whole
          .tensors()
          .forEach((name, tensor) ->
              assertThat(parts.tensor(name).bytes().mismatch(tensor.bytes())).isEqualTo(-1));
      assertThat(parts.metadata().string("test.text")).isEqualTo("in the first part");
    }
  }

  @Test
  void aMissingPartIsNamed() throws IOException {
    Files.delete(part(2));
    assertRefused(part(1), "expected part " + part(2));
  }

  @Test
  void anotherPartThanTheFirstNamesTheFirst() {
    assertRefused(part(3), "name " + part(1));
  }

  @Test
  void partsInEachOthersPlaceAreRefused() throws IOException {
    Files.delete(part(2));
    Files.copy(part(3), part(2));
    assertRefused(part(1), "expected part 2 of 3");
  }

  @Test
  void aRenamedPartIsRefused() throws IOException {
    assertRefused(Files.move(part(1), directory.resolve("renamed.gguf")), "NAME-00001-of-00003");
  }

  @Test
  void theFirstPartAgainIsNotTheSecond() throws IOException {
    Files.delete(part(2));
    Files.copy(part(1), part(2));
    assertRefused(part(1), "got part 1 of 3");
  }

  @Test
  void namesSayWhatBelongsTogether() {
    assertThat(Gguf.parts(part(2))).containsExactly(part(1), part(2), part(3));
    Path single = directory.resolve("a-1-of-3.gguf");
    assertThat(Gguf.parts(single)).containsExactly(single);
    Path none = directory.resolve("a-00001-of-00000.gguf");
    assertThat(Gguf.parts(none)).containsExactly(none);
  }
}
