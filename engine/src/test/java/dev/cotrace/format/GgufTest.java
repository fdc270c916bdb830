package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GgufTest {
  @TempDir Path directory;

  /** Builds files by hand, so that every field can lie. */
  private static final class Bytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Bytes raw(byte... bytes) {
      out.writeBytes(bytes);
      return this;
    }

    Bytes u32(int value) {
      return raw(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array());
    }

    Bytes u64(long value) {
      return raw(ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    }

    Bytes text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      return u64(utf8.length).raw(utf8);
    }

    Bytes head(int version, long tensors, long entries) {
      return raw("GGUF".getBytes(StandardCharsets.US_ASCII)).u32(version).u64(tensors).u64(entries);
    }

    Bytes tensor(String name, int type, long offset, long... dimensions) {
      text(name).u32(dimensions.length);
      for (long dimension : dimensions) {
        u64(dimension);
      }
      return u32(type).u64(offset);
    }

    Bytes data(int bytes) {
      return raw(new byte[Math.floorMod(-out.size(), 32)]).raw(new byte[bytes]);
    }
  }

  private Path file(Consumer<Bytes> content) throws IOException {
    Bytes bytes = new Bytes();
    content.accept(bytes);
    return Files.write(directory.resolve("x.gguf"), bytes.out.toByteArray());
  }

  private void assertRefused(Path path, String reason) {
    assertThatThrownBy(() -> Gguf.open(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining("x.gguf");
  }

  @Test
  void readsWhatTheReferenceWriterWrote() throws IOException {
    try (Gguf file = Gguf.open(Goldens.file("gguf/small.gguf"))) {
      GgufMetadata metadata = file.metadata();
      assertThat(metadata.integer("test.u8")).isEqualTo(200);
      assertThat(metadata.integer("test.i8")).isEqualTo(-100);
      assertThat(metadata.integer("test.u16")).isEqualTo(60000);
      assertThat(metadata.integer("test.i16")).isEqualTo(-30000);
      assertThat(metadata.integer("test.u32")).isEqualTo(4000000000L);
      assertThat(metadata.integer("test.i32")).isEqualTo(-2000000000);
      assertThat(metadata.integer("test.u64")).isEqualTo(1L << 62);
      assertThat(metadata.integer("test.i64")).isEqualTo(-(1L << 62));
      assertThat(metadata.number("test.f32")).isEqualTo(0.5);
      assertThat(metadata.number("test.f64")).isEqualTo(0.1);
      assertThat(metadata.flag("test.flag")).isTrue();
      assertThat(metadata.string("test.text")).isEqualTo("Grüße 🌍");
      assertThat(metadata.strings("test.words")).containsExactly("a", "", "ñ");
      assertThat(metadata.numbers("test.numbers")).containsExactly(1.5, -2.5);
      assertThat(metadata.integers("test.integers")).containsExactly(3, -4);
    }
  }

  @Test
  void shapesAreInTorchOrder() throws IOException {
    try (Gguf file = Gguf.open(Goldens.file("gguf/small.gguf"))) {
      assertThat(file.tensor("matrix").shape()).containsExactly(2, 3);
      float[] values = new float[6];
      file.tensor("halves").decode(0, values);
      assertThat(values).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(file.tensor("quantised").shape()).containsExactly(2, 64);
      float[] last = new float[32];
      file.tensor("quantised").decode(96, last);
      assertThat(last[31]).isBetween(0.99f, 1.01f); // Q8_0 rounds to 1/254 of the block's range
    }
  }

  @Test
  void unquantisedTypesAreThoseOfTheReferenceWriter() throws IOException {
    try (Gguf file = Gguf.open(Goldens.file("gguf/small.gguf"))) {
      float[] values = new float[6];
      file.tensor("brains.values").decode(0, values);
      float[] brains = new float[6];
      file.tensor("brains").decode(0, brains);
      assertThat(file.tensor("brains").type()).isEqualTo(StoredType.BF16);
      for (int i = 0; i < 6; i++) {
        assertThat(Float.valueOf(brains[i])).isEqualTo(Float.valueOf(values[i]));
      }
      double[] doubles = new double[6];
      file.tensor("float64").decode(0, doubles);
      assertThat(doubles).containsExactly(-3, -2, -1, 0, 1, 2);
      assertThat(file.tensor("int8").bytes().toArray(ValueLayout.JAVA_BYTE))
          .containsExactly(-3, -2, -1, 0, 1, 2);
      assertThat(file.tensor("int16").bytes().get(Layouts.I16, 0)).isEqualTo((short) -3);
      assertThat(file.tensor("int32").bytes().get(Layouts.I32, 0)).isEqualTo(-3);
      assertThat(file.tensor("int64").bytes().get(Layouts.I64, 0)).isEqualTo(-3);
    }
  }

  @Test
  void absentKeysTakeTheFallbackAndWrongKindsAreNamed() throws IOException {
    try (Gguf file = Gguf.open(Goldens.file("gguf/small.gguf"))) {
      assertThat(file.metadata().integer("absent", 7)).isEqualTo(7);
      assertThat(file.metadata().contains("absent")).isFalse();
      assertThatThrownBy(() -> file.metadata().string("absent"))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("key absent, got nothing");
      assertThatThrownBy(() -> file.metadata().integer("test.text", 7))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("expected an integer under metadata key test.text, got a string");
      assertThatThrownBy(() -> file.metadata().integers("test.words"))
          .isInstanceOf(MalformedModelException.class);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, version 2 or 3", "4, version 2 or 3", "50331648, big-endian"})
  void otherVersionsAreRefused(int version, String reason) throws IOException {
    assertRefused(file(bytes -> bytes.head(version, 0, 0)), reason);
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, Long.MAX_VALUE, Integer.MAX_VALUE, 1})
  void lyingCountsAreRefusedBeforeAllocating(long count) throws IOException {
    assertRefused(file(bytes -> bytes.head(3, count, 0)), "fits in the remaining");
    assertRefused(file(bytes -> bytes.head(3, 0, count)), "fits in the remaining");
    assertRefused(
        file(bytes -> bytes.head(3, 0, 1).text("key").u32(9).u32(4).u64(count)),
        "fits in the remaining");
    assertRefused(file(bytes -> bytes.head(3, 0, 1).u64(count + 21)), "");
  }

  @Test
  void deeplyNestedArraysAreRefused() throws IOException {
    assertRefused(
        file(bytes -> {
          bytes.head(3, 0, 1).text("key").u32(9);
          for (int i = 0; i < 100_000; i++) {
            bytes.u32(9).u64(1);
          }
          bytes.u32(0).u64(0);
        }),
        "nested");
  }

  @Test
  void tensorsMustLieApartAlignedAndInside() throws IOException {
    assertRefused(file(b -> b.head(3, 1, 0).tensor("t", 0, 0, 9).data(32)), "expected 36 bytes");
    assertRefused(file(b -> b.head(3, 1, 0).tensor("t", 0, 4, 1).data(32)), "multiple of 32");
    assertRefused(file(b -> b.head(3, 1, 0).tensor("t", 0, -32, 1).data(32)), "multiple of 32");
    assertRefused(
        file(b -> b.head(3, 2, 0).tensor("t", 0, 0, 9).tensor("u", 0, 32, 1).data(64)), "overlaps");
    assertRefused(
        file(b -> b.head(3, 2, 0).tensor("t", 0, 0, 1).tensor("t", 0, 32, 1).data(64)), "distinct");
    assertRefused(
        file(b -> b.head(3, 1, 0).tensor("t", 0, 0, 1L << 62, 4).data(32)), "its type can hold");
    assertRefused(
        file(b -> b.head(3, 1, 0).tensor("t", 2, 0, 16, 2).data(32)), "whole 32-element blocks");
    assertRefused(file(b -> b.head(3, 1, 0).tensor("t", 10, 0, 256).data(256)), "ggml type 10");
    assertRefused(
        file(b -> b.head(3, 1, 0).tensor("t", 0, 0, 1, 1, 1, 1, 1).data(32)), "4 dimensions");
  }

  @Test
  void dataMayEndWithoutPadding() throws IOException {
    Path path = file(b -> b.head(2, 1, 0).tensor("t", 0, 0, 1).data(4));
    try (Gguf file = Gguf.open(path)) {
      assertThat(file.tensor("t").elements()).isEqualTo(1);
    }
  }

  @Test
  void brokenTextAndBooleansAreRefused() throws IOException {
    assertRefused(
        file(b -> b.head(3, 0, 1).u64(1).raw((byte) 0xff).u32(0).raw(new byte[9])), "UTF-8");
    assertRefused(file(b -> b.head(3, 0, 1).text("flag").u32(7).raw((byte) 2)), "0 or 1");
    assertRefused(file(b -> b.head(3, 0, 1).text("odd").u32(13).raw((byte) 2)), "from 0 to 12");
    assertRefused(file(b -> b.head(3, 0, 1).text("huge").u32(10).u64(-1)), "below 2^63");
    assertRefused(
        file(b -> b.head(3, 0, 1).text("general.alignment").u32(4).u32(12)), "multiple of 8");
  }

  @Test
  void theBuiltInModelOpens() throws IOException {
    Assumptions.assumeTrue(
        Files.exists(Goldens.smollm2()),
        "the built-in model is absent: run models/fetch-smollm2 to test with it");
    try (Gguf file = Gguf.open(Goldens.smollm2())) {
      assertThat(file.tensors()).hasSize(272);
      assertThat(file.tensor("token_embd.weight").shape()).containsExactly(49152, 576);
      assertThat(file.tensor("blk.0.ffn_down.weight").shape()).containsExactly(576, 1536);
      assertThat(file.metadata().integer("llama.block_count")).isEqualTo(30);
      assertThat(file.metadata().strings("tokenizer.ggml.tokens")).hasSize(49152);
    }
  }
}
