package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

class StoredTensorTest {
  @Test
  void doublesKeepTheirBits() {
    double[] out = new double[2];
    StoredTensor.of("t", new double[] {0.1, Math.PI, -1e300}, 3).decode(1, out);
    assertThat(out).containsExactly(Math.PI, -1e300);
  }

  @Test
  void floatsWidenExactly() {
    double[] out = new double[2];
    StoredTensor.of("t", new float[] {0.1f, Float.NEGATIVE_INFINITY}, 2).decode(0, out);
    assertThat(out).containsExactly((double) 0.1f, Double.NEGATIVE_INFINITY);
  }

  @Test
  void everyHalfFloatAgreesWithItsDefinition() {
    byte[] bytes = new byte[2 << 16];
    for (int bits = 0; bits < 1 << 16; bits++) {
      bytes[2 * bits] = (byte) bits;
      bytes[2 * bits + 1] = (byte) (bits >> 8);
    }
    float[] out = new float[1 << 16];
    new StoredTensor("t", StoredType.F16, new long[] {1 << 16}, MemorySegment.ofArray(bytes))
        .decode(0, out);
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat(Float.valueOf(out[bits])).isEqualTo(Float.valueOf(half(bits)));
    }
  }

  /** IEEE 754 binary16 by its definition: (−1)^s 2^(e−15) (1 + f/1024). */
  private static float half(int bits) {
    int exponent = (bits >> 10) & 31;
    int fraction = bits & 1023;
    double magnitude =
        switch (exponent) {
          case 0 -> Math.scalb(fraction / 1024.0, -14);
          case 31 -> fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
          default -> Math.scalb(1 + fraction / 1024.0, exponent - 15);
        };
    return (float) ((bits & 0x8000) == 0 ? magnitude : -magnitude);
  }

  @Test
  void rangesOutsideTheTensorAreRefused() {
    StoredTensor tensor = StoredTensor.of("t", new float[4], 2, 2);
    for (long first : new long[] {-1, 3, Long.MAX_VALUE, Long.MIN_VALUE}) {
      assertThatThrownBy(() -> tensor.decode(first, new float[2]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected a range within 4 elements");
    }
  }

  @Test
  void integersDoNotDecodeToFloats() {
    assertThatThrownBy(() -> StoredTensor.of("ids", new int[] {1}, 1).decode(0, new float[1]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("floating or quantised");
  }

  @Test
  void sizeMustMatchTheShape() {
    assertThatThrownBy(() -> StoredTensor.of("t", new float[5], 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected 24 bytes for F32 [2, 3], got 20");
  }

  @Test
  void theCallersShapeArrayIsCopied() {
    long[] shape = {2};
    StoredTensor tensor = StoredTensor.of("t", new float[2], shape);
    shape[0] = 9;
    tensor.shape()[0] = 9;
    assertThat(tensor.shape()).containsExactly(2);
  }
}
