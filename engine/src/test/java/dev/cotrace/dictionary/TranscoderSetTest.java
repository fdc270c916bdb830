package dev.cotrace.dictionary;

import static dev.cotrace.dictionary.GoldenDictionary.assertClose;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cotrace.format.MalformedModelException;
import dev.cotrace.torch.Placement;
import dev.cotrace.torch.Precision;
import dev.cotrace.torch.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TranscoderSetTest {
  private static final Placement DOUBLE = Placement.cpu(Precision.FLOAT64);
  private static final Placement SINGLE = Placement.cpu(Precision.FLOAT32);

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {"set-relu-skip", "set-topk", "set-jumprelu", "cross-relu", "cross-jumprelu"})
  void doublesAgreeWithCircuitTracersFormulas(String name) throws IOException {
    assertAgrees(name, DOUBLE, GoldenDictionary.EXACT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"set-relu-skip", "set-topk", "set-jumprelu", "cross-relu", "cross-jumprelu"})
  void floatsAgreeWithCircuitTracersFormulas(String name) throws IOException {
    assertAgrees(name, SINGLE, GoldenDictionary.SINGLE);
  }

  private static void assertAgrees(String name, Placement placement, double tolerance)
      throws IOException {
    try (GoldenDictionary golden = GoldenDictionary.open(name);
        TranscoderSet set = TranscoderSet.read(golden.folder(), placement);
        Scope _ = new Scope()) {
      assertThat(set.description().layers()).isEqualTo(3);
      assertThat(set.description().features()).isEqualTo(24);
      assertThat(set.description().width()).isEqualTo(8);
      assertThat(set.description().model()).isEqualTo("google/gemma-2-2b");
      List<Tensor> features = new ArrayList<>();
      for (int layer = 0; layer < 3; layer++) {
        Tensor x = golden.tensor("x." + layer, placement);
        features.add(set.encode(layer, x));
        assertClose(features.getLast(), golden.values("features." + layer), tolerance);
        assertClose(set.decode(layer, features, x), golden.values("output." + layer), tolerance);
        assertClose(
            set.encode(layer, x, 5, 9),
            Placement.toDoubles(features.getLast().narrow(1, 5, 4)),
            tolerance);
      }
    }
  }

  @Test
  void directionsOfEarlierLayersAreWhatTheyAddToLaterOnes() throws IOException {
    try (GoldenDictionary golden = GoldenDictionary.open("cross-relu");
        TranscoderSet set = TranscoderSet.read(golden.folder(), DOUBLE);
        Scope _ = new Scope()) {
      double[] one = new double[24];
      one[7] = 1;
      List<Tensor> none = List.of(DOUBLE.zeros(1, 24), DOUBLE.zeros(1, 24), DOUBLE.zeros(1, 24));
      List<Tensor> first = List.of(DOUBLE.tensor(one, 1, 24), none.get(1), none.get(2));
      Tensor x = DOUBLE.zeros(1, 8);
      for (int target = 0; target < 3; target++) {
        Tensor added = set.decode(target, first, x).sub(set.decode(target, none, x));
        assertClose(
            set.directions(0, target, 7, 8), Placement.toDoubles(added), GoldenDictionary.EXACT);
      }
      assertThatThrownBy(() -> set.directions(2, 1, 0, 1))
          .hasMessageContaining("expected layer 2 or a later one");
    }
  }

  @Test
  void aLayerOfASetIsADictionary() throws IOException {
    try (TranscoderSet set = TranscoderSet.read(GoldenDictionary.folder("set-topk"), SINGLE)) {
      Dictionary layer = ((LayerTranscoders) set).layer(1);
      assertThat(layer.description().input()).isEqualTo(Site.ofHook("blocks.1.mlp.hook_in"));
      assertThat(layer.description().output()).isEqualTo(Site.ofHook("blocks.1.mlp.hook_out"));
      assertThat(layer.description().form().k()).isEqualTo(4);
      assertThatThrownBy(() -> set.directions(0, 1, 0, 1))
          .hasMessageContaining("they write to no other");
    }
  }

  @Test
  void setsThatNameFilesOfTheHubAskWhereTheyAre() throws IOException {
    Path gemma =
        GoldenDictionary.folder("gemma-scope-2b-pt-transcoders/layer_12/width_16k/average_l0_6")
            .resolve("params.npz");
    Path layer = directory.resolve("params.npz");
    Files.copy(gemma, layer);
    String config =
        """
        model_kind: transcoder_set
        model_name: google/gemma-2-2b
        feature_input_hook: ln2.hook_normalized
        feature_output_hook: hook_mlp_out
        transcoders: ["hf://google/gemma-scope-2b-pt-transcoders/layer_0/params.npz"]
        """;
    Files.writeString(directory.resolve("config.yaml"), config);
    assertThatThrownBy(() -> TranscoderSet.read(directory, SINGLE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("fetch it and say where it is");
    try (TranscoderSet set = TranscoderSet.read(directory, _ -> layer, SINGLE)) {
      assertThat(set.description().layers()).isEqualTo(1);
      assertThat(((LayerTranscoders) set).layer(0).description().form().nonlinearity())
          .isEqualTo(Form.Nonlinearity.JUMP_RELU);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          set-topk     | 'k: 4'                        | 'k: 25'                     | expected k from 1 to 24 features
          set-topk     | 'k: 4'                        | ''                          | expected k from 1 to 24 features under k in config.yaml, got 0
          set-topk     | topk                          | gelu                        | expected activation relu, topk or jump_relu, got 'gelu'
          set-topk     | mlp.hook_in                   | hook_mlp_in                 | expected feature_input_hook hook_resid_pre
          set-topk     | transcoder_set                | lorsa                       | expected model_kind transcoder_set or cross_layer_transcoder, got 'lorsa'
          set-jumprelu | 'model_kind: transcoder_set'  | 'activation: relu'          | expected a string under model_kind
          set-jumprelu | 'model_name:'                 | 'activation: relu\n#'       | got also activation_function.threshold
          set-relu-skip| 'activation: relu'            | 'activation: jump_relu'     | expected a tensor activation_function.threshold
          set-relu-skip| 'activation: relu'            | 'transcoders: [../x]'       | expected transcoders in the same folder
          set-relu-skip| 'activation: relu'            | 'transcoders: [{layer: 0}]' | expected a string under transcoders
          cross-relu   | 'model_name:'                 | 'activation: topk\n#'       | expected a cross-layer transcoder with relu or jump_relu
          cross-relu   | 'model_name:'                 | 'transcoders: [a]\n#'       | cross-layer ones of Gemma Scope 2 are not read
          cross-relu   | 'model_name:'                 | ']'                         | the configuration, line 1
          """)
  void whatASetCannotBeIsRefused(String name, String from, String to, String reason)
      throws IOException {
    copy(name);
    Path config = directory.resolve("config.yaml");
    String text = Files.readString(config);
    assertThat(text).contains(from);
    Files.writeString(config, text.replace(from, to == null ? "" : to.translateEscapes()));
    assertThatThrownBy(() -> TranscoderSet.read(directory, SINGLE))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining(reason);
  }

  @Test
  void layersThatDoNotFitTogetherAreRefused() throws IOException {
    copy("cross-relu");
    Files.delete(directory.resolve("W_enc_2.safetensors"));
    assertThatThrownBy(() -> TranscoderSet.read(directory, SINGLE))
        .isInstanceOf(MalformedModelException.class)
        .hasMessageContaining("expected W_dec_0 of shape [24, 2, 8]");
    Files.delete(directory.resolve("W_enc_0.safetensors"));
    assertThatThrownBy(() -> TranscoderSet.read(directory, SINGLE))
        .hasMessageContaining("expected a transcoder of layer 0 there");
  }

  private void copy(String name) throws IOException {
    try (Stream<Path> files = Files.list(GoldenDictionary.folder(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
  }
}
