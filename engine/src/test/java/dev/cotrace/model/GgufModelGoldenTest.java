package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Models as llama.cpp's own converter writes them; goldens/gguf-models says what they compute. */
class GgufModelGoldenTest {
  private static final Path ROOT =
      Path.of(System.getProperty("cotrace.root"), "goldens", "gguf-models");

  /** GGUF keeps epsilons, rotary divisors and Gemma's gains plus one in float32. */
  private static final double STORED = 1e-6;

  /** llama.cpp computes in float32, and GELU by a table of float16 numbers. */
  private static final double LLAMA_CPP = 2e-3;

  static List<String> models() throws IOException {
    try (Stream<Path> files = Files.list(ROOT)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".gguf"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void convertedModelsComputeWhatTheirOriginalsDo(String name) throws IOException {
    Map<String, NamedArray> goldens = goldens(name);
    NamedArray ids = Objects.requireNonNull(goldens.get("input_ids"));
    NamedArray logits = Objects.requireNonNull(goldens.get("logits"));
    NamedArray others = Objects.requireNonNull(goldens.get("logits_llama_cpp"));
    try (Model model = Model.load(ROOT.resolve(name), Placement.cpu(Precision.FLOAT64))) {
      for (int row = 0; row < ids.dimension(0); row++) {
        int[] tokens = Arrays.stream(ids.slice(row)).mapToInt(id -> (int) id).toArray();
        double[] actual =
            Arrays.stream(PlainRuns.logits(model.decoder(), tokens))
                .flatMapToDouble(Arrays::stream)
                .toArray();
        assertClose(actual, logits.slice(row), STORED);
        assertClose(actual, others.slice(row), LLAMA_CPP);
      }
    }
  }

  private static Map<String, NamedArray> goldens(String name) {
    return GoldenModel.tensors(ROOT.resolve(name.replace(".gguf", ".safetensors")));
  }

  private static void assertClose(double[] actual, double[] expected, double tolerance) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    assertThat(actual).containsExactly(expected, Offset.offset(tolerance * largest));
  }
}
