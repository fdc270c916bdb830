package dev.cotrace.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubSettingsTest {
  private static final Path HOME = Path.of("/home-of-user");

  @ParameterizedTest
  @CsvSource(
      nullValues = "-",
      textBlock =
          """
          -,  -,  -,  -,   /home-of-user/.cache/huggingface/hub
          -,  -,  -,  /x,  /x/huggingface/hub
          -,  -,  /h, /x,  /h/hub
          -,  /l, /h, /x,  /l
          /c, /l, /h, /x,  /c
          ~/c, -, -,  -,   /home-of-user/c
          '', '', ~,  '',  /home-of-user/hub
          """)
  void theCacheIsWherePythonLooks(
      String cache, String legacy, String home, String xdg, Path found) {
    Map<String, String> environment = new HashMap<>();
    environment.put("HF_HUB_CACHE", cache);
    environment.put("HUGGINGFACE_HUB_CACHE", legacy);
    environment.put("HF_HOME", home);
    environment.put("XDG_CACHE_HOME", xdg);
    environment.values().removeIf(value -> value == null);
    assertThat(HubSettings.of(environment, HOME).cache()).isEqualTo(found);
  }

  @ParameterizedTest
  @CsvSource({
    "1, true",
    "on, true",
    "Yes, true",
    "TRUE, true",
    "0, false",
    "'', false",
    "no, false"
  })
  void offlineIsSaidAsInPython(String value, boolean offline) {
    assertThat(of("HF_HUB_OFFLINE", value).offline()).isEqualTo(offline);
    assertThat(of("TRANSFORMERS_OFFLINE", value).offline()).isEqualTo(offline);
    assertThat(of("HF_HUB_DISABLE_SYMLINKS", value).links()).isNotEqualTo(offline);
  }

  @Test
  void theEndpointLosesItsSlash() {
    assertThat(of("HF_ENDPOINT", "https://mirror.example/hf//").endpoint())
        .hasToString("https://mirror.example/hf");
    assertThat(of("X", "").endpoint()).hasToString("https://huggingface.co");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mirror.example",
        "ftp://a",
        "file:///x",
        "https://me:sesame@a",
        "https://a?b",
        "https://",
        "https://a b"
      })
  void whatIsNoServerIsRefused(String endpoint) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of("HF_ENDPOINT", endpoint))
        .withMessageContaining("HF_ENDPOINT")
        .withMessageNotContaining("sesame");
  }

  @Test
  void timeoutsAreSeconds() {
    assertThat(of("HF_HUB_ETAG_TIMEOUT", "30").answerTimeout()).isEqualTo(Duration.ofSeconds(30));
    assertThat(of("HF_HUB_DOWNLOAD_TIMEOUT", "7").stallTimeout()).isEqualTo(Duration.ofSeconds(7));
    assertThat(of("X", "").answerTimeout()).isEqualTo(Duration.ofSeconds(10));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> of("HF_HUB_ETAG_TIMEOUT", "soon"))
        .withMessageContaining("HF_HUB_ETAG_TIMEOUT", "soon");
  }

  @Test
  void theTokenIsTheVariablesElseTheFiles(@TempDir Path home) throws IOException {
    Path hub = Files.createDirectories(home.resolve(".cache/huggingface"));
    assertThat(HubToken.of(Map.of(), home)).isEmpty();
    Files.writeString(hub.resolve("token"), "hf_stored\n");
    assertThat(sent(Map.of(), home)).isEqualTo("Bearer hf_stored");
    assertThat(sent(Map.of("HF_TOKEN", " hf_said "), home)).isEqualTo("Bearer hf_said");
    Path other = Files.writeString(home.resolve("other"), "hf_other");
    assertThat(sent(Map.of("HF_TOKEN_PATH", other.toString()), home)).isEqualTo("Bearer hf_other");
    assertThat(HubToken.of(Map.of("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1", "HF_TOKEN", "x"), home))
        .isEmpty();
  }

  @Test
  void whatIsNoTokenIsRefusedWithoutShowingIt() {
    assertThatThrownBy(() -> HubToken.of(Map.of("HF_TOKEN", "hf_a\nX-Header: b"), HOME))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("expected a token in HF_TOKEN")
        .message()
        .doesNotContain("hf_a");
  }

  private static String sent(Map<String, String> environment, Path home) throws IOException {
    return HubToken.of(environment, home).orElseThrow().authorization();
  }

  private static HubSettings of(String name, String value) {
    return HubSettings.of(Map.of(name, value), HOME);
  }
}
