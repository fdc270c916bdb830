package dev.cotrace.dictionary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.format.Safetensors;
import dev.cotrace.format.StoredTensor;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each refusal says what was expected and what came. */
class DictionaryRefusalsTest {
  private static final Placement SINGLE = Placement.cpu(Precision.FLOAT32);

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          standard   | '"standard"'       | '"temporal"'         | got 'temporal'
          standard   | '"standard"'       | '"batchtopk"'        | is stored as jumprelu
          standard   | '"standard"'       | '7'                  | expected a string under architecture
          standard   | '"architecture"'   | '"kind"'             | expected a string under architecture, got nothing
          standard   | 'hook_resid_pre'   | 'hook_embed'         | expected a hook blocks.LAYER.NAME
          standard   | 'blocks.3.'        | ''                   | expected a hook blocks.LAYER.NAME
          standard   | 'hook_resid_pre'   | 'hook_mlp_in'        | hook_mlp_in means the stream before the norm to some tools
          standard   | '"normalize_activations": "none"' | '"normalize_activations": "whitening"' | expected normalize_activations none, expected_average_only_in, constant_norm_rescale, layer_norm, got 'whitening'
          standard   | '"reshape_activations": "none"' | '"reshape_activations": "hook_z"' | got 'hook_z' at 'blocks.3.hook_resid_pre'
          standard   | '"d_in": 8'        | '"d_in": 0'          | expected d_in above 0, got 0
          standard   | '"d_in": 8'        | '"d_in": 9'          | expected tensor W_enc of shape [9, 24], got [8, 24]
          standard   | '"d_sae": 24'      | '"d_sae": 2.5'       | expected an integer below 2^31 under d_sae
          standard   | '"hook_name"'      | '"hook_head_index": 1, "hook_name"' | those of single heads are not read
          standard   | '6.54.12'          | 'six'                | expected sae_lens_version such as 6.20.1, got 'six'
          standard   | '"standard"'       | '"gated"'            | expected a tensor b_gate, got only
          gated      | '"gated"'          | '"standard"'         | expected a tensor b_enc, got only
          jumprelu   | '"jumprelu"'       | '"standard"'         | got also threshold
          topk       | '"k": 4'           | '"k": 25'            | expected k of at most 24 features, got 25
          topk       | '"k": 4'           | '"k": -1'            | expected k above 0 for top-k
          topk       | '"k": 4'           | '"m": 4'             | expected k above 0 for top-k
          topk-old   | '"topk"'           | '"tanh-relu"'        | expected activation_fn relu or topk, got 'tanh-relu'
          transcoder | '"apply_b_dec_to_input": false' | '"apply_b_dec_to_input": true' | a transcoder's bias belongs to its output
          transcoder | '"d_out": 6'       | '"d_out": 8'         | expected tensor W_dec of shape [24, 8], got [24, 6]
          scaling    | '"finetuning_scaling_factor": true' | '"finetuning_scaling_factor": false' | expected a scaling_factor of ones
          gemma-scope-2-270m-pt/resid_post/layer_5_width_16k_l0_small | jump_relu | relu | expected the architecture jump_relu, got 'relu'
          gemma-scope-2-270m-pt/resid_post/layer_5_width_16k_l0_small | layers.5.output | layers.5.mlp.output | expected hf_hook_point_in such as model.layers.9.output
          """)
  void whatAConfigurationCannotMeanIsRefused(String name, String from, String to, String reason)
      throws IOException {
    Path folder = GoldenDictionary.folder(name);
    boolean gemma = Files.exists(folder.resolve("params.safetensors"));
    String config = gemma ? "config.json" : "cfg.json";
    String weights = gemma ? "params.safetensors" : "sae_weights.safetensors";
    String text = Files.readString(folder.resolve(config));
    assertThat(text).contains(from);
    Files.writeString(directory.resolve(config), text.replace(from, to));
    Files.copy(folder.resolve(weights), directory.resolve(weights));
    assertThatThrownBy(() -> Dictionary.read(directory, SINGLE))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason)
        .hasMessageContaining(directory.toString());
  }

  @Test
  void tensorsThatAreMissingTooManyWrongOrNotFiniteAreRefused() throws IOException {
    String name = "standard";
    assertThatThrownBy(() -> readChanged(name, tensors -> without(tensors, "W_dec")))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected a tensor W_dec, got only [W_enc, b_dec, b_enc]");
    assertThatThrownBy(() ->
            readChanged(name, tensors -> with(tensors, StoredTensor.of("extra", new float[1], 1))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("got also extra");
    assertThatThrownBy(() ->
            readChanged(name, tensors -> with(tensors, StoredTensor.of("b_dec", new float[9], 9))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected tensor b_dec of shape [8], got [9]");
    assertThatThrownBy(() ->
            readChanged(name, tensors -> with(tensors, StoredTensor.of("b_dec", new int[8], 8))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected tensor b_dec to hold real numbers, got I32");
    float[] broken = new float[8];
    broken[3] = Float.NaN;
    assertThatThrownBy(
            () -> readChanged(name, tensors -> with(tensors, StoredTensor.of("b_dec", broken, 8))))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected finite numbers in tensor b_dec");
  }

  private void readChanged(String name, UnaryOperator<List<StoredTensor>> change)
      throws IOException {
    Path folder = GoldenDictionary.folder(name);
    Files.writeString(directory.resolve("cfg.json"), Files.readString(folder.resolve("cfg.json")));
    String weights = "sae_weights.safetensors";
    try (Safetensors file = Safetensors.open(folder.resolve(weights))) {
      Safetensors.write(
          directory.resolve(weights), Map.of(), change.apply(List.copyOf(file.tensors().values())));
    }
    Dictionary.read(directory, SINGLE).close();
  }

  private static List<StoredTensor> without(List<StoredTensor> tensors, String name) {
    return tensors.stream().filter(tensor -> !tensor.name().equals(name)).toList();
  }

  private static List<StoredTensor> with(List<StoredTensor> tensors, StoredTensor tensor) {
    List<StoredTensor> changed = new ArrayList<>(without(tensors, tensor.name()));
    changed.add(tensor);
    return changed;
  }

  @Test
  void aDictionaryWithoutAPlaceIsReadWhereItIsTold() throws IOException {
    Path file = directory.resolve("params.npz");
    Files.copy(
        GoldenDictionary.folder("gemma-scope-2b-pt-res/layer_20/width_16k/average_l0_71")
            .resolve("params.npz"),
        file);
    assertThatThrownBy(() -> Dictionary.read(directory, SINGLE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nothing says where in a model the input of");
    Site site = Site.ofHook("blocks.2.hook_resid_post");
    try (Dictionary dictionary = Dictionary.read(file, Supplement.at(site), SINGLE)) {
      assertThat(dictionary.description().input()).isEqualTo(site);
      assertThat(dictionary.description().layer()).isEqualTo(2);
    }
    assertThatThrownBy(
            () -> Dictionary.read(GoldenDictionary.folder("standard"), Supplement.at(site), SINGLE))
        .hasMessageContaining(
            "its input is blocks.3.hook_resid_pre, but it was told to be blocks.2.hook_resid_post");
  }

  @Test
  void aFactorOfInputsIsForThoseThatWantOne() {
    assertThatThrownBy(() ->
            Dictionary.read(
                GoldenDictionary.folder("standard"), Supplement.none().scaledBy(2), SINGLE))
        .hasMessageContaining("so there is no factor of inputs to tell");
    assertThatThrownBy(() -> Supplement.none().scaledBy(0))
        .hasMessageContaining("expected a factor of inputs above 0, got 0.0");
  }

  @Test
  void whatIsNoDictionaryIsNamed() throws IOException {
    assertThatThrownBy(() -> Dictionary.read(directory, SINGLE))
        .hasMessageContaining("expected cfg.json, params.npz or params.safetensors in")
        .hasMessageContaining("found nothing");
    assertThatThrownBy(() -> Dictionary.read(directory.resolve("none"), SINGLE))
        .isInstanceOf(NoSuchFileException.class);
    Path pickle = Files.writeString(directory.resolve("sae.pt"), "x");
    assertThatThrownBy(() -> Dictionary.read(pickle, SINGLE)).hasMessageContaining("is a pickle");
    Path text = Files.writeString(directory.resolve("sae.txt"), "x");
    assertThatThrownBy(() -> Dictionary.read(text, SINGLE))
        .hasMessageContaining("expected a folder with cfg.json, or a file .npz or .safetensors");
    assertThatThrownBy(() -> Dictionary.read(GoldenDictionary.folder("set-topk"), SINGLE))
        .hasMessageContaining("read it as a set");
    Files.writeString(
        directory.resolve("cfg.json"),
        Files.readString(GoldenDictionary.folder("standard").resolve("cfg.json")));
    assertThatThrownBy(() -> Dictionary.read(directory, SINGLE))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessageContaining("expected the weights of a dictionary there");
  }
}
