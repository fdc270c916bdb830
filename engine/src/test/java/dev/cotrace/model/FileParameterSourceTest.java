package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileParameterSourceTest {
  @TempDir Path directory;

  @Test
  void tensorsInThePlacementsPrecisionAreTheMappedFileItself() throws IOException {
    Path path = write(StoredTensor.of("w", new float[] {1, 2, 3, 4, 5, 6}, 2, 3));
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      Tensor tensor = source.read("w", 2, 3);
      assertThat(source.sharesMemory()).isTrue();
      assertThat(tensor.data_ptr().address()).isEqualTo(file.tensor("w").bytes().address());
      assertThat(Placement.toDoubles(tensor)).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void unalignedTensorsAreCopied() throws IOException {
    Path path = shiftedByOne(write(StoredTensor.of("w", new float[] {1, 2, 3, 4}, 4)));
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      assertThat(file.tensor("w").bytes().address() % 4).isEqualTo(1);
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      assertThat(Placement.toDoubles(source.read("w", 4))).containsExactly(1, 2, 3, 4);
    }
  }

  @Test
  void aFileThatIsMostlyOfAnotherTypeIsCopied() throws IOException {
    Path path =
        write(
            StoredTensor.of("w", new double[] {1, 2, 3}, 3),
            StoredTensor.of("n", new float[] {4}, 1));
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      assertThat(source.sharesMemory()).isFalse();
      assertThat(source.read("n", 1).data_ptr().address())
          .isNotEqualTo(file.tensor("n").bytes().address());
    }
  }

  @Test
  void tensorsOfManyPiecesKeepTheirOrder() throws IOException {
    double[] values = new Random(1).doubles(3 * 65_536 + 77, -1, 1).toArray();
    Path path = write(StoredTensor.of("w", values, values.length));
    float[] narrow = new float[values.length];
    Arrays.setAll(values, i -> narrow[i] = (float) values[i]);
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      assertThat(Placement.toDoubles(source.read("w", values.length))).containsExactly(values);
    }
  }

  @Test
  void numbersBeyondThePrecisionAreFoundInAnyPiece() throws IOException {
    double[] values = new double[100_000];
    values[70_000] = 1e300;
    Path path = write(StoredTensor.of("w", values, values.length));
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      assertThatThrownBy(() -> source.read("w", values.length))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("got Infinity as element 70000 at FLOAT32");
    }
  }

  @Test
  void finiteNumbersWhoseSumOverflowsAreAccepted() throws IOException {
    Path path = write(StoredTensor.of("w", new float[] {3e38f, 3e38f}, 2));
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      assertThat(Placement.toDoubles(source.read("w", 2))).containsExactly(3e38f, 3e38f);
    }
  }

  @Test
  void integersAreNoParameters() throws IOException {
    Path path = write(StoredTensor.of("w", new long[] {1, 2}, 2));
    try (Safetensors file = Safetensors.open(path);
        Scope _ = new Scope()) {
      FileParameterSource source = new FileParameterSource(file, Placement.cpu(Precision.FLOAT32));
      assertThatThrownBy(() -> source.read("w", 2))
          .isInstanceOf(MalformedModelException.class)
          .hasMessageContaining("expected tensor w to hold real numbers, got I64");
    }
  }

  private Path write(StoredTensor... tensors) throws IOException {
    Path path = directory.resolve("model.safetensors");
    Safetensors.write(path, Map.of(), List.of(tensors));
    return path;
  }

  /** Pads the header by one space more, so that the tensors begin at an odd byte. */
  private static Path shiftedByOne(Path path) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(path)).order(ByteOrder.LITTLE_ENDIAN);
    int header = (int) bytes.getLong(0);
    ByteBuffer shifted = ByteBuffer.allocate(bytes.capacity() + 1).order(ByteOrder.LITTLE_ENDIAN);
    shifted.putLong(header + 1).put(bytes.array(), 8, header).put((byte) ' ');
    shifted.put(bytes.array(), 8 + header, bytes.capacity() - 8 - header);
    return Files.write(path, shifted.array());
  }
}
