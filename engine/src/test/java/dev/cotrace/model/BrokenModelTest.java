package dev.cotrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.ShapeMismatchException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

/** What cannot be loaded is refused in a sentence, and leaves no native memory behind. */
class BrokenModelTest {
  private static final String LLAMA = "llama-gqa-tied";

  @TempDir Path directory;

  @Test
  void nothingAtThePathIsNamed() {
    assertRefused(directory.resolve("absent"))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("expected a model directory or a .gguf file, found nothing");
  }

  @Test
  void anEmptyDirectoryIsNoModel() {
    assertRefused(directory)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected config.json or a .gguf file in")
        .hasMessageContaining("found nothing");
  }

  @Test
  void weightsWithoutAConfigurationAreNoModel() throws IOException {
    Files.delete(folder(LLAMA).path().resolve("config.json"));
    assertRefused(directory)
        .hasMessageContaining("expected config.json")
        .hasMessageContaining("model.safetensors");
  }

  @Test
  void aConfigurationWithoutWeightsIsNoModel() throws IOException {
    Files.delete(folder(LLAMA).path().resolve("model.safetensors"));
    assertRefused(directory)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("found neither");
  }

  @Test
  void aPickleIsNotRead() throws IOException {
    Files.move(
        folder(LLAMA).path().resolve("model.safetensors"), directory.resolve("pytorch_model.bin"));
    assertRefused(directory).hasMessageContaining("is a pickle, which can run code");
  }

  @Test
  void aSafetensorsFileIsNotADirectory() throws IOException {
    assertRefused(folder(LLAMA).path().resolve("model.safetensors"))
        .hasMessageContaining("name the directory it lies in");
  }

  @Test
  void twoGgufFilesAreAmbiguous() throws IOException {
    Files.createFile(directory.resolve("a.gguf"));
    Files.createFile(directory.resolve("b.gguf"));
    assertRefused(directory).hasMessageContaining("[a.gguf, b.gguf]; name the one to load");
  }

  @Test
  void setsOfPartsAreAmbiguousOrIncomplete() throws IOException {
    Files.createFile(directory.resolve("a-00002-of-00002.gguf"));
    assertRefused(directory)
        .hasMessageContaining("expected the first part")
        .hasMessageContaining("a-00001-of-00002.gguf");
    Files.createFile(directory.resolve("a-00001-of-00002.gguf"));
    Files.createFile(directory.resolve("b.gguf"));
    assertRefused(directory)
        .hasMessageContaining("[a-00001-of-00002.gguf, b.gguf]; name the one to load");
  }

  @Test
  void aPickleNamedItselfIsNotReadEither() throws IOException {
    assertRefused(Files.createFile(directory.resolve("model.pt")))
        .hasMessageContaining("is a pickle")
        .hasMessageContaining("save_pretrained");
  }

  @Test
  void aTruncatedFileIsRefused() throws IOException {
    Path file = folder(LLAMA).path().resolve("model.safetensors");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 10));
    assertRefused(directory)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("model.safetensors");
  }

  @Test
  void aTruncatedGgufFileIsRefused() throws IOException {
    Path file = directory.resolve("model.gguf");
    gguf().write(file);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 100));
    assertRefused(file).isInstanceOf(MalformedModelException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "model.embed_tokens.weight",
        "model.layers.1.mlp.up_proj.weight",
        "model.norm.weight"
      })
  void aMissingTensorIsNamed(String missing) throws IOException {
    folder(LLAMA).weights(tensor -> tensor.name().equals(missing) ? null : tensor);
    assertRefused(directory)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected a tensor named " + missing);
  }

  @Test
  void layersThatTheConfigurationDoesNotCountAreNamed() throws IOException {
    folder(LLAMA).config(config -> config.put("num_hidden_layers", 2));
    assertRefused(directory)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("model.layers.2.")
        .hasMessageContaining("which has no place in one");
  }

  @Test
  void aWrongShapeNamesTensorAndBothShapes() throws IOException {
    folder(LLAMA).config(config -> config.put("intermediate_size", 23));
    assertRefused(directory)
        .isInstanceOf(ShapeMismatchException.class)
        .hasMessageContaining("model.layers.0.mlp.gate_proj.weight")
        .hasMessageContaining("expected [23, ")
        .hasMessageContaining(", got [");
  }

  @ParameterizedTest
  @CsvSource({"NaN,FLOAT32", "Infinity,FLOAT32", "-Infinity,FLOAT64", "NaN,BFLOAT16"})
  void numbersThatAreNotFiniteAreFound(double value, Precision precision) throws IOException {
    folder(LLAMA)
        .weights(tensor -> {
          if (!tensor.name().equals("model.layers.1.mlp.up_proj.weight")) {
            return tensor;
          }
          float[] values = new float[(int) tensor.elements()];
          tensor.decode(0, values);
          values[17] = (float) value;
          values[20] = Float.NaN;
          return StoredTensor.of(tensor.name(), values, tensor.shape());
        });
    assertRefused(directory, Placement.cpu(precision))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected finite numbers in tensor model.layers.1.mlp.up_proj.weight")
        .hasMessageContaining("got " + value + " as element 17 ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "llama-gqa-tied|model_type|\"mamba\"|supported are gpt2, gpt_neox, llama, mistral, qwen2, qwen3, gemma2 and gemma3",
        "llama-gqa-tied|hidden_act|\"relu\"|hidden_act relu is not supported",
        "llama-gqa-tied|quantization_config|{}|quantization_config",
        "llama-gqa-tied|rope_parameters|{\"rope_type\": \"yarn\", \"factor\": 4}|rope_type yarn",
        "llama-old-keys|rope_scaling|{\"type\": \"dynamic\", \"factor\": 2}|rope_type dynamic",
        "llama-old-keys|rope_scaling|{\"rope_type\": \"llama3\"}|rope_scaling.factor, got nothing",
        "llama-old-keys|partial_rotary_factor|0.5|partial_rotary_factor",
        "llama-gqa-tied|num_key_value_heads|3|3 key/value heads do not divide 4 query heads",
        "llama-gqa-tied|num_hidden_layers|null|under num_hidden_layers, got nothing",
        "llama-gqa-tied|hidden_size|\"wide\"|expected an integer below 2^31 under hidden_size",
        "gpt2-hub|scale_attn_by_inverse_layer_idx|true|scale_attn_by_inverse_layer_idx",
        "gpt2-hub|reorder_and_upcast_attn|true|reorder_and_upcast_attn",
        "gpt2-hub|scale_attn_weights|false|scale_attn_weights",
        "gpt2-hub|activation_function|\"relu\"|activation_function relu is not supported",
        "mistral-sliding|layer_types|[\"full_attention\"]|layer_types in a mistral",
        "mistral-sliding|sliding_window|-1|sliding_window of at least 1",
        "qwen2-sliding|layer_types|[\"full_attention\"]|expected layer_types for",
        "qwen3-sliding|layer_types|[\"a\", \"b\", \"c\", \"d\"]|layer_types",
        "mistral-sliding|sliding_window|0|sliding_window of at least 1",
        "qwen2-sliding|use_sliding_window|false|expected a sliding_window for layers",
        "gemma2|sliding_window|null|expected a sliding_window for layers",
        "gemma2|attn_logit_softcapping|0.0|a soft cap above 0 under attn_logit_softcapping",
        "gemma3|attn_logit_softcapping|30|attn_logit_softcapping in a gemma3",
        "gemma3-old-keys|sliding_window_pattern|-2|sliding_window_pattern of at least 1",
        "gemma3|rope_parameters|{\"rope_theta\": 100}|under rope_parameters",
        "gemma3|rope_scaling|{\"rope_type\": \"linear\", \"factor\": 2}|rope_parameters beside rope_scaling",
        "gemma2|attention_bias|true|attention_bias in a gemma",
        "gemma3|use_bidirectional_attention|true|use_bidirectional_attention",
        "gemma3-conditional|text_config|null|expected an object under text_config",
        "gpt_neox-parallel|num_hidden_layers|2000000000|num_hidden_layers from 1 to 10000",
        "gpt2-hub|n_head|3|a number of heads that divides the width 16, got 3",
      })
  void whatTheDecoderCannotComputeIsRefusedByName(
      String model, String key, String value, String reason) throws IOException {
    folder(model).config(config -> config.set(key, new JsonMapper().readTree(value)));
    assertRefused(directory)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "llama-gqa-tied,attention_bias,true,expected a tensor named model.layers.0.self_attn.q_proj.bias",
    "llama-biases,mlp_bias,false,.bias; which has no place in one",
    "gpt_neox-parallel,attention_bias,false,.bias; which has no place in one",
  })
  void biasesAreThoseThatTheConfigurationAsksFor(
      String model, String key, boolean value, String reason) throws IOException {
    folder(model).config(config -> config.put(key, value));
    assertRefused(directory)
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason.replace(';', ','));
  }

  @ParameterizedTest
  @CsvSource({
    "general.architecture,mamba,general.architecture mamba is not supported",
    "llama.rope.scaling.type,yarn,yarn rotary scaling",
  })
  void ggufOfAnotherKindIsRefusedByName(String key, String value, String reason)
      throws IOException {
    Path file = directory.resolve("model.gguf");
    gguf().put(key, value).write(file);
    assertRefused(file).isInstanceOf(MalformedModelException.class).hasMessageContaining(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "llama.expert_count,8,a mixture of experts",
    "llama.rope.dimension_count,2,2 rotated dimensions of 4",
    "llama.attention.value_length,2,keys and values of one width",
    "llama.attention.head_count,0,expected llama.attention.head_count from 1",
  })
  void ggufWithOtherFeaturesIsRefusedByName(String key, int value, String reason)
      throws IOException {
    Path file = directory.resolve("model.gguf");
    gguf().put(key, value).write(file);
    assertRefused(file).isInstanceOf(MalformedModelException.class).hasMessageContaining(reason);
  }

  @Test
  void layersOfDifferentWidthAreRefused() throws IOException {
    Path file = directory.resolve("model.gguf");
    gguf().put("llama.attention.head_count_kv", new int[] {2, 2, 1}).write(file);
    assertRefused(file).hasMessageContaining("differs from layer to layer");
  }

  private ModelFolder folder(String name) throws IOException {
    return ModelFolder.copyOf(name, directory);
  }

  private static GgufWriter gguf() throws IOException {
    GoldenModel golden = GoldenModel.read(LLAMA);
    List<StoredTensor> weights = new ModelFolder(golden.folder()).weights();
    return LlamaGguf.of(golden.config(), weights, false);
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(Path path) {
    return assertRefused(path, Placement.cpu(Precision.FLOAT32));
  }

  private static AbstractThrowableAssert<?, ? extends Throwable> assertRefused(
      Path path, Placement placement) {
    long before = Pointer.totalCount();
    AbstractThrowableAssert<?, ? extends Throwable> refused =
        assertThatThrownBy(() -> Model.load(path, placement).close());
    assertThat(Pointer.totalCount()).as("native objects").isEqualTo(before);
    return refused;
  }
}
