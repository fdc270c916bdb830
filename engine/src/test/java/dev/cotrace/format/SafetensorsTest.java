package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path directory;

  private Path file(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + text.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(text.length).put(text);
    return Files.write(directory.resolve("x.safetensors"), bytes.array());
  }

  @Test
  void readsEveryTypeOfTheReferenceFile() throws IOException {
    try (Safetensors file = Safetensors.open(Goldens.file("safetensors/small.safetensors"))) {
      assertThat(file.metadata()).containsEntry("note", "Grüße").containsEntry("format", "pt");
      for (String name : List.of("float64", "float32", "float16")) {
        double[] values = new double[6];
        file.tensor(name).decode(0, values);
        assertThat(values).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(file.tensor(name).shape()).containsExactly(2, 3);
      }
      float[] brains = new float[3];
      file.tensor("bfloat16").decode(0, brains);
      assertThat(brains)
          .containsExactly(1, -2.5f, Float.intBitsToFloat(Float.floatToIntBits(3e38f) >> 16 << 16));
      assertThat(file.tensor("int8").bytes().toArray(ValueLayout.JAVA_BYTE))
          .containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(file.tensor("bool").type()).isEqualTo(StoredType.BOOL);
      assertThat(file.tensor("scalar").shape()).isEmpty();
      assertThat(file.tensor("scalar").elements()).isEqualTo(1);
      assertThat(file.tensor("empty").elements()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"e4m3", "e5m2"})
  void everyCodeOfAnEightBitFloatHasTorchsValue(String name) throws IOException {
    try (Safetensors file = Safetensors.open(Goldens.file("safetensors/float8.safetensors"))) {
      float[] values = new float[256];
      file.tensor(name + ".values").decode(0, values);
      float[] floats = new float[256];
      file.tensor(name).decode(0, floats);
      double[] doubles = new double[256];
      file.tensor(name).decode(0, doubles);
      for (int code = 0; code < 256; code++) {
        assertThat(Float.valueOf(floats[code])).isEqualTo(Float.valueOf(values[code]));
        assertThat(Double.valueOf(doubles[code])).isEqualTo(Double.valueOf(values[code]));
      }
      assertThat(file.tensor(name).type().floating()).isTrue();
    }
  }

  @Test
  void rewritingTheReferenceFileGivesItsTensorsBack() throws IOException {
    Path copy = directory.resolve("copy.safetensors");
    try (Safetensors original = Safetensors.open(Goldens.file("safetensors/small.safetensors"))) {
      Safetensors.write(copy, original.metadata(), original.tensors().values());
      try (Safetensors file = Safetensors.open(copy)) {
        assertThat(file.metadata()).isEqualTo(original.metadata());
        assertThat(file.tensors()).containsOnlyKeys(original.tensors().keySet());
        original
            .tensors()
            .forEach((name, tensor) -> {
              assertThat(file.tensor(name).shape()).isEqualTo(tensor.shape());
              assertThat(file.tensor(name).bytes().mismatch(tensor.bytes())).isEqualTo(-1);
            });
      }
    }
  }

  @Test
  void writesWideElementsFirstOnAnAlignedPaddedHeader() throws IOException {
    Path path = directory.resolve("new.safetensors");
    Safetensors.write(
        path,
        Map.of("sign", "clean raises"),
        List.of(
            StoredTensor.of("b", new float[] {1, 2}, 2),
            StoredTensor.of("a", new float[] {3}, 1),
            StoredTensor.of("z", new double[] {0.1}, 1, 1),
            StoredTensor.of("n", new long[] {4}, 1)));
    byte[] bytes = Files.readAllBytes(path);
    long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(length % 8).isZero();
    assertThat(new String(bytes, 8, (int) length, StandardCharsets.UTF_8).stripTrailing())
        .isEqualTo(
            "{\"__metadata__\":{\"format\":\"pt\",\"sign\":\"clean raises\"},"
                + "\"n\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]},"
                + "\"z\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[8,16]},"
                + "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[16,20]},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[20,28]}}");
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(path);
    }
  }

  @Test
  void failedWriteLeavesTheOldFile() throws IOException {
    Path path = Files.writeString(directory.resolve("old.safetensors"), "old");
    List<StoredTensor> twice =
        List.of(StoredTensor.of("a", new float[1], 1), StoredTensor.of("a", new float[1], 1));
    assertThatThrownBy(() -> Safetensors.write(path, Map.of(), twice))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("distinct tensor names");
    assertThat(path).hasContent("old");
  }

  @Test
  void tensorsBeyondTwoGigabytesAreReached() throws IOException {
    Path path = directory.resolve("big.safetensors");
    long elements = (1L << 31) + 8; // one byte each
    String header =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[%d],\"data_offsets\":[0,%d]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%d,%d]}}"
            .formatted(elements, elements, elements, elements + 4);
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    // A sparse file: only its first and last bytes take disk space.
    try (var sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.write(
          ByteBuffer.allocate(8 + text.length)
              .order(ByteOrder.LITTLE_ENDIAN)
              .putLong(text.length)
              .put(text)
              .array());
      sparse.seek(8 + text.length + elements);
      sparse.write(new byte[] {0, 0, (byte) 0x80, 0x3f}); // 1.0f
    }
    try (Safetensors file = Safetensors.open(path)) {
      float[] out = new float[1];
      file.tensor("b").decode(0, out);
      assertThat(out).containsExactly(1f);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} | 8  | uplicate
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}                                                      | 7  | within 7 bytes
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}                                                      | 9  | end after its last tensor
          {"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}                                                      | 8  | expected 12 bytes for F32 [3], got data_offsets that span 8
          {"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}                                                      | 8  | there is a hole
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}| 12 | they overlap
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}                                                      | 8  | in order
          {"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}                                                     | 8  | whole numbers
          {"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}                                                    | 8  | whole numbers
          {"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}                                  | 8  | below 2^63
          {"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,8]}}                                    | 8  | below 2^63
          {"a":{"dtype":"F8_E8M0","shape":[8],"data_offsets":[0,8]}}                                                  | 8  | got F8_E8M0
          {"a":{"dtype":"C64","shape":[1],"data_offsets":[0,8]}}                                                      | 8  | got C64
          {"a":{"dtype":"Q4_0","shape":[32],"data_offsets":[0,18]}}                                                   | 18 | got Q4_0
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"extra":1}}                                            | 8  | unknown header key extra
          {"a":{"dtype":"F32","shape":[2]}}                                                                           | 8  | expected an array data_offsets
          {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}}                                                    | 8  | two data_offsets
          {"a":7}                                                                                                     | 8  | dtype string
          {"__metadata__":{"k":1}}                                                                                    | 0  | to be a string
          {"__metadata__":[]}                                                                                         | 0  | object of strings
          {} {}                                                                                                       | 0  | strict JSON
          [1]                                                                                                         | 0  | begin with {
          {"a":                                                                                                       | 0  | strict JSON
          """)
  void breachesOfTheFormatAreNamed(String header, int dataBytes, String reason) throws IOException {
    Path path = file(header, dataBytes);
    assertThatThrownBy(() -> Safetensors.open(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining("x.safetensors");
  }

  @ParameterizedTest
  @ValueSource(longs = {-1, 100_000_001, Long.MAX_VALUE, 1000, 9})
  void lyingHeaderLengthsAreRefusedBeforeAllocating(long length) throws IOException {
    byte[] bytes = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
    Path path = Files.write(directory.resolve("x.safetensors"), bytes);
    assertThatThrownBy(() -> Safetensors.open(path)).isInstanceOf(MalformedModelException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 7, 8})
  void fragmentsAreRefused(int size) throws IOException {
    Path path = Files.write(directory.resolve("x.safetensors"), new byte[size]);
    assertThatThrownBy(() -> Safetensors.open(path)).isInstanceOf(MalformedModelException.class);
  }

  @Test
  void missingTensorsAreNamed() throws IOException {
    try (Safetensors file = Safetensors.open(Goldens.file("safetensors/small.safetensors"))) {
      assertThatThrownBy(() -> file.tensor("lm_head.weight"))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("expected a tensor named lm_head.weight");
    }
  }
}
