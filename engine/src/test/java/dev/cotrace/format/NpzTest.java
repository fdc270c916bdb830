package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NpzTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"stored", "compressed"})
  void readsEveryTypeThatNumPyWrote(String kind) throws IOException {
    try (Npz file = Npz.open(Goldens.file("numpy/%s.npz".formatted(kind)))) {
      for (String name : List.of("float64", "float32", "float16")) {
        double[] values = new double[6];
        file.tensor(name).decode(0, values);
        assertThat(values).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(file.tensor(name).shape()).containsExactly(2, 3);
      }
      for (String name : List.of("int8", "uint8")) {
        assertThat(file.tensor(name).bytes().toArray(ValueLayout.JAVA_BYTE))
            .containsExactly(0, 1, 2, 3, 4, 5);
      }
      assertThat(file.tensor("int64").bytes().toArray(Layouts.I64))
          .containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(file.tensor("int32").bytes().toArray(Layouts.I32))
          .containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(file.tensor("int16").type()).isEqualTo(StoredType.I16);
      assertThat(file.tensor("bool").bytes().toArray(ValueLayout.JAVA_BYTE))
          .containsExactly(0, 1, 1, 1, 1, 1);
      assertThat(file.tensor("scalar").shape()).isEmpty();
      assertThat(file.tensor("empty").elements()).isZero();
      assertThat(file.tensors().keySet()).startsWith("float64", "float32");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"stored", "compressed"})
  void columnsFirstComesOutRowsFirst(String kind) throws IOException {
    try (Npz file = Npz.open(Goldens.file("numpy/%s.npz".formatted(kind)))) {
      float[] values = new float[24];
      file.tensor("fortran").decode(0, values);
      for (int i = 0; i < 24; i++) {
        assertThat(values[i]).isEqualTo(i);
      }
      assertThat(file.tensor("fortran").shape()).containsExactly(2, 3, 4);
      double[] vector = new double[4];
      file.tensor("vector").decode(0, vector);
      assertThat(vector).containsExactly(0, 1, 2, 3);
    }
  }

  @Test
  void whatIsLongerThanAHeaderIsUnpackedToItsEnd() throws IOException {
    try (Npz file = Npz.open(Goldens.file("numpy/compressed.npz"))) {
      float[] values = new float[6000];
      file.tensor("long").decode(0, values);
      for (int i = 0; i < values.length; i++) {
        assertThat(values[i]).isEqualTo((float) Math.sin(i));
      }
    }
  }

  @Test
  void storedArraysAreTheMappedFileItself() throws IOException {
    try (Npz file = Npz.open(Goldens.file("numpy/stored.npz"))) {
      long first = file.tensor("float64").bytes().address();
      long second = file.tensor("float32").bytes().address();
      assertThat(second - first).isBetween(48L, 1000L);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void everyVersionOfASingleArrayIsRead(int version) throws IOException {
    String name = "version" + version;
    try (Npz file = Npz.open(Goldens.file("numpy/%s.npy".formatted(name)))) {
      float[] values = new float[6];
      file.tensor(name).decode(0, values);
      assertThat(values).containsExactly(0, 1, 2, 3, 4, 5);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          objects.npz    | a pickle that can run code
          big-endian.npy | got '>f4'
          strings.npy    | got '<U2'
          complex.npy    | got '<c8'
          record.npy     | expected a header such as
          """)
  void whatIsNoNumberIsRefused(String name, String reason) {
    assertThatThrownBy(() -> Npz.open(Goldens.file("numpy/" + name)))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining(name);
  }

  @Test
  void sizesInTheFieldsOfZip64AreRead() throws IOException {
    ZipBytes zip = new ZipBytes().zip64();
    zip.add("a.npy", ZipBytes.npy("'<f4'", "(2,)", 1, 2))
        .add("b.npy", ZipBytes.npy("'<f4'", "()", 3));
    try (Npz file = Npz.open(Files.write(directory.resolve("x.npz"), zip.bytes()))) {
      float[] values = new float[2];
      file.tensor("a").decode(0, values);
      assertThat(values).containsExactly(1, 2);
      assertThat(file.tensor("b").shape()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          '<f4' | (3,)                      | expected 12 bytes for F32 [3], got 8
          '<f4' | (1,)                      | expected 4 bytes for F32 [1], got 8
          '<f4' | (2)                       | expected a shape such as
          '<f4' | (-2,)                     | expected a header such as
          '<f4' | (,)                       | expected a shape such as
          '<f4' | (1,,2)                    | expected a shape such as
          '<f4' | (4611686018427387904, 4)  | array below 2^63 bytes
          '<f4' | (99999999999999999999,)   | array below 2^63 bytes
          '<f4' | True                      | expected a shape such as
          '<f4' | (2,), 'shape': (2,)       | expected one shape in its header, got two
          '<f4' | (2,), 'more': 1           | expected a header such as
          '<q9' | (2,)                      | got '<q9'
          (2,)  | (2,)                      | got (2,)
          """)
  void headersThatDoNotFitAreNamed(String descr, String shape, String reason) throws IOException {
    byte[] npy = ZipBytes.npy(descr, shape, 1, 2);
    Path archive =
        Files.write(directory.resolve("x.npz"), new ZipBytes().add("w.npy", npy).bytes());
    assertThatThrownBy(() -> Npz.open(archive))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining("array w");
    Path packed =
        Files.write(
            directory.resolve("y.npz"), new ZipBytes().deflated().add("w.npy", npy).bytes());
    assertThatThrownBy(() -> Npz.open(packed))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void whatUnpacksToMoreThanItSaysIsRefused() throws IOException {
    byte[] many = ZipBytes.npy("'<f4'", "(2,)", new float[5000]);
    ZipBytes zip = new ZipBytes().deflated().claim(128 + 8).add("w.npy", many);
    refused(zip.bytes(), "but it unpacks to more");
  }

  @Test
  void whatUnpacksToLessThanItSaysIsRefused() throws IOException {
    byte[] npy = ZipBytes.npy("'<f4'", "(20000,)", 1, 2);
    refused(
        new ZipBytes().deflated().claim(128 + 80_000).add("w.npy", npy).bytes(),
        "more than it unpacks to");
  }

  @Test
  void claimsBeyondWhatDeflateCanHoldAreRefusedBeforeMemoryIsTaken() throws IOException {
    byte[] npy = ZipBytes.npy("'<f4'", "(1000000000000,)", 1, 2);
    refused(
        new ZipBytes().zip64().deflated().claim(128 + 4_000_000_000_000L).add("w.npy", npy).bytes(),
        "expected no more from w.npy than");
  }

  @Test
  void membersThatShareBytesAreRefused() throws IOException {
    byte[] npy = ZipBytes.npy("'<f4'", "(2,)", 1, 2);
    refused(new ZipBytes().add("a.npy", npy).again("b.npy").bytes(), "a.npy and b.npy overlap");
  }

  @Test
  void namesThatComeTwiceAreRefused() throws IOException {
    byte[] npy = ZipBytes.npy("'<f4'", "(2,)", 1, 2);
    refused(
        new ZipBytes().add("a.npy", npy).add("a.npy", npy).bytes(),
        "expected one array a, got two");
  }

  @Test
  void otherFilesInTheArchiveAreRefused() throws IOException {
    refused(
        new ZipBytes().add("a.txt", "a".getBytes(StandardCharsets.UTF_8)).bytes(),
        "expected only .npy arrays in the archive, got a.txt");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void damagedElementsAreFoundByTheirChecksum(boolean deflated) throws IOException {
    ZipBytes zip = deflated ? new ZipBytes().deflated() : new ZipBytes();
    refused(
        zip.check(1).add("a.npy", ZipBytes.npy("'<f4'", "(2,)", 1, 2)).bytes(),
        "their checksum is wrong");
  }

  @Test
  void otherMethodsAndEncryptionAreRefused() throws IOException {
    byte[] npy = ZipBytes.npy("'<f4'", "(2,)", 1, 2);
    refused(new ZipBytes().method(12).add("a.npy", npy).bytes(), "compressed by method 12");
    refused(new ZipBytes().flags(1).add("a.npy", npy).bytes(), "a.npy is encrypted");
  }

  @Test
  void whatIsNoArchiveIsRefused() throws IOException {
    refused(new byte[0], "found no end of one");
    refused("hello, this is no archive at all".getBytes(StandardCharsets.UTF_8), "found no end");
  }

  private void refused(byte[] bytes, String reason) throws IOException {
    Path path = Files.write(directory.resolve("x.npz"), bytes);
    assertThatThrownBy(() -> Npz.open(path))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining("x.npz");
  }
}
