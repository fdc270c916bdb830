package dev.cotrace.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

class DequantiserTest {
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  record Case(StoredType type, byte[] bytes, float[] values) {
    StoredTensor tensor() {
      return new StoredTensor(
          "t", type, new long[] {values.length}, MemorySegment.ofArray(bytes).asReadOnly());
    }

    @Override
    public String toString() {
      return type.name();
    }
  }

  static List<Case> cases() throws IOException {
    List<Case> cases = new ArrayList<>();
    for (JsonNode node :
        Json.MAPPER.readTree(Files.readString(Goldens.file("gguf/quantised.json")))) {
      byte[] values = HexFormat.of().parseHex(node.get("values").stringValue());
      float[] floats = new float[values.length / 4];
      ByteBuffer.wrap(values).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(floats);
      cases.add(
          new Case(
              StoredType.valueOf(node.get("type").stringValue()),
              HexFormat.of().parseHex(node.get("bytes").stringValue()),
              floats));
    }
    return cases;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void valuesEqualTheReferenceToTheLastBit(Case golden) {
    float[] out = new float[golden.values().length];
    golden.tensor().decode(0, out);
    assertThat(out).isEqualTo(golden.values());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void doublesAreTheWidenedFloats(Case golden) {
    double[] out = new double[golden.values().length];
    golden.tensor().decode(0, out);
    for (int i = 0; i < out.length; i++) {
      assertThat(out[i]).isEqualTo((double) golden.values()[i]);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void anyBlockDecodesAlone(Case golden) {
    int block = golden.type().blockElements();
    for (int first = 0; first < golden.values().length; first += block) {
      float[] out = new float[block];
      golden.tensor().decode(first, out);
      assertThat(out).isEqualTo(Arrays.copyOfRange(golden.values(), first, first + block));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void partOfABlockIsRefused(Case golden) {
    assertThatThrownBy(() -> golden.tensor().decode(1, new float[golden.type().blockElements()]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("whole blocks");
  }

  @Test
  void everyQuantisedTypeHasAGolden() throws IOException {
    assertThat(cases().stream().map(Case::type))
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(StoredType.values()).filter(StoredType::quantised).toList());
  }
}
