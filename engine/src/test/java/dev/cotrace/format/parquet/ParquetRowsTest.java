package dev.cotrace.format.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.Damage;
import dev.cotrace.format.Goldens;
import dev.cotrace.format.Mutations;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ParquetRowsTest {
  private static final JsonMapper JSON = JsonMapper.shared();

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"ioi", "mcqa", "arithmetic", "gsm8k", "pairs", "snappy2"})
  void rowsAreThoseThatPyarrowReads(String name) throws IOException {
    List<JsonNode> expected = new ArrayList<>();
    for (String line : Files.readAllLines(Goldens.file("parquet/" + name + ".jsonl"))) {
      expected.add(withoutNulls(JSON.readTree(line)));
    }
    assertThat(rows(file(name)).stream().map(row -> JSON.readTree(row.toString())))
        .isEqualTo(expected);
  }

  private static JsonNode withoutNulls(JsonNode node) {
    if (node instanceof ObjectNode object) {
      object.properties().removeIf(property -> property.getValue().isNull());
      object.properties().forEach(property -> withoutNulls(property.getValue()));
    }
    return node;
  }

  @Test
  void readingEndsWhenNoMoreRowsAreWanted() throws IOException {
    List<Long> numbers = new ArrayList<>();
    ParquetRows.read(
        file("gsm8k"),
        (number, _) -> {
          numbers.add(number);
          return number < 3;
        });
    assertThat(numbers).containsExactly(1L, 2L, 3L);
  }

  /** Native code would write beyond its memory. */
  @Test
  void aPageThatPromisesAnotherSizeIsRefusedBeforeItIsUnpacked() throws IOException {
    byte[] original = Files.readAllBytes(file("snappy2"));
    Path damaged = folder.resolve("damaged.parquet");
    int refused = 0;
    for (int at = 4; at < original.length - footer(original) - 8; at++) {
      byte[] bytes = original.clone();
      bytes[at] ^= 0x7f;
      Files.write(damaged, bytes);
      try {
        rows(damaged);
      } catch (IllegalArgumentException e) {
        refused += String.valueOf(e.getMessage()).contains("a page says it unpacks to ") ? 1 : 0;
      }
    }
    assertThat(refused)
        .as("in both columns two bytes of the promise and two of the header")
        .isEqualTo(8);
  }

  private static int footer(byte[] file) {
    return ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getInt(file.length - 8);
  }

  private interface Reading {
    void of(Path file) throws IOException;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void aDamagedFileIsReadOrRefusedWithItsName(long seed) throws IOException {
    assertReadOrRefused(seed, ParquetRowsTest::rows);
  }

  /** What decodes pages asks for arrays as long as a damaged page says, and gets them or not. */
  @ParameterizedTest
  @Tag("slow")
  @ValueSource(longs = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void tenThousandDamagedFilesAreReadOrRefusedWithTheirNames(long seed) throws IOException {
    assertReadOrRefused(seed, ParquetRowsTest::rows);
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void footersAndPageHeadersOfTenThousandDamagedFilesAreTakenOrRefused(long seed)
      throws IOException {
    assertReadOrRefused(seed, ParquetRows::check);
  }

  private void assertReadOrRefused(long seed, Reading reading) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    String[] names = {"ioi", "mcqa", "arithmetic", "gsm8k", "pairs", "snappy2"};
    Path damaged = folder.resolve("damaged.parquet");
    int refused = 0;
    int times = Damage.times(1000);
    for (int i = 0; i < times; i++) {
      byte[] original = Files.readAllBytes(file(names[random.nextInt(names.length)]));
      Files.write(damaged, damage(original, random));
      try {
        reading.of(damaged);
      } catch (IllegalArgumentException e) {
        refused++;
        assertThat(e).hasMessageStartingWith(damaged + ": expected a Parquet file, but: ");
      }
    }
    assertThat(refused).as("of %d", times).isGreaterThan(times / 5);
  }

  /** Every other time the footer stays whole: what it says would hide damage in the pages. */
  private static byte[] damage(byte[] original, SplittableRandom random) {
    if (random.nextBoolean()) {
      return Mutations.damage(original, random);
    }
    int pages = original.length - footer(original) - 8;
    byte[] bytes = original.clone();
    byte[] damaged = Mutations.damage(Arrays.copyOf(original, pages), random);
    System.arraycopy(damaged, 0, bytes, 0, Math.min(pages, damaged.length));
    return bytes;
  }

  @Test
  void aTextFileIsRefused() throws IOException {
    Path text = Files.writeString(folder.resolve("a.parquet"), "PAR1 is how it begins");
    assertThatThrownBy(() -> rows(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith(text + ": expected a Parquet file, but: ");
  }

  private static Path file(String name) {
    return Goldens.file("parquet/" + name + ".parquet");
  }

  private static List<ObjectNode> rows(Path file) throws IOException {
    List<ObjectNode> rows = new ArrayList<>();
    ParquetRows.read(file, (_, row) -> rows.add(row));
    return rows;
  }
}
