package dev.cotrace.dictionary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SiteTest {
  @ParameterizedTest
  @EnumSource(Site.Kind.class)
  void everySiteIsFoundByItsHook(Site.Kind kind) {
    Site site = new Site(kind, 17);
    assertThat(Site.ofHook(site.hook())).isEqualTo(site);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hook_embed",
        "blocks.hook_resid_pre",
        "blocks.-1.hook_resid_pre",
        "blocks.12345678901.hook_resid_pre",
        "blocks.{layer}.hook_resid_pre",
        "blocks.3.hook_resid",
        "blocks.3.attn.hook_q",
        "blocks.3.hook_resid_pre\n"
      })
  void whatIsNoSiteIsRefusedWithThoseThatAre(String hook) {
    assertThatThrownBy(() -> Site.ofHook(hook))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected a hook blocks.LAYER.NAME where NAME is hook_resid_pre,");
  }

  @Test
  void aHookOfTwoMeaningsIsRefused() {
    assertThatThrownBy(() -> Site.ofHook("blocks.3.hook_mlp_in"))
        .hasMessageContaining("say hook_resid_mid or mlp.hook_in");
  }

  @ParameterizedTest
  @CsvSource({
    "c/models--google--gemma-scope-2b-pt-res/snapshots/abc/layer_20/width_16k/average_l0_71/params.npz, blocks.20.hook_resid_post, gemma-2-2b",
    "c/models--google--gemma-scope-9b-it-res/snapshots/abc/layer_9/width_16k/average_l0_88/params.npz, blocks.9.hook_resid_post, gemma-2-9b-it",
    "gemma-scope-27b-pt-mlp/layer_1/x/params.npz, blocks.1.hook_mlp_out, gemma-2-27b",
    "gemma-scope-2b-pt-res-canonical/layer_20/params.npz, blocks.20.hook_resid_post, gemma-2-2b",
    "c/models--google--gemma-scope-2-270m-pt/snapshots/abc/resid_post/layer_5_width_16k_l0_small/params.safetensors, blocks.5.hook_resid_post, gemma-3-270m-pt",
    "gemma-scope-2-4b-it/transcoder_all/layer_0_width_16k_l0_small_affine/params.safetensors, blocks.0.mlp.hook_in, gemma-3-4b-it",
    "gemma-scope-2-1b-pt/attn_out_all/layer_3_width_16k_l0_small/params.safetensors, blocks.3.attn.hook_z, gemma-3-1b-pt",
  })
  void foldersOfGemmaScopeSayWhereADictionaryBelongs(String path, String input, String model) {
    GemmaScope found = GemmaScope.ofPath(Path.of(path)).orElseThrow();
    assertThat(found.input().hook()).isEqualTo(input);
    assertThat(found.model()).isEqualTo(model);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "params.npz",
        "my-saes/layer_3/params.npz",
        "gemma-scope-2b-pt-res/params.npz",
        "gemma-scope-2-1b-pt/clt/layer_3/params.safetensors",
      })
  void otherFoldersSayNothing(String path) {
    assertThat(GemmaScope.ofPath(Path.of("/elsewhere").resolve(path))).isEmpty();
  }

  @Test
  void dictionariesOfEmbeddingsAreRefused() {
    Path path = Path.of("gemma-scope-2b-pt-res/embedding/width_4k/average_l0_6/params.npz");
    assertThatThrownBy(() -> GemmaScope.ofPath(path))
        .hasMessageContaining("reads token embeddings before they are scaled");
  }
}
